import MeteringGateway
import Testing

@Suite struct CallPermitsTests {
    @Test func aRefusalIsItsSentence() {
        #expect("\(CallRefusal("there is no bucket for it"))" == "there is no bucket for it")
    }
}
