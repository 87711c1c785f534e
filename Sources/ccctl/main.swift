import CtlCommands
import Foundation

exit(await CtlMain.run(Array(CommandLine.arguments.dropFirst())))
