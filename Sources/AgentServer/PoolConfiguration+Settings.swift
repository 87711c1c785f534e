import AgentPool
import Settings

extension PoolConfiguration {
    /// As an agent's settings have it.
    init(_ settings: AgentSettings) {
        self.init(
            slots: settings.instances, tasksPerInstance: settings.tasksPerInstance,
            instancesPerMinute: settings.instancesPerMinute,
            residentLimitBytes: UInt64(max(0, settings.memoryPerInstance)))
        residentGrowthBytes = UInt64(max(0, settings.growthPerInstance))
        ageLimit = settings.agePerInstance
        spares = settings.spares
        silenceLimit = settings.silenceTimeout
        firstByteLimit = settings.firstByteTimeout
    }
}
