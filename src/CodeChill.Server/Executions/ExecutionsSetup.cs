using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Platform;
using CodeChill.SocketIO;

namespace CodeChill.Server.Executions;

/// <summary>Wires runs, terminals and test cases. Who the runner is, and the order in which all of it starts and stops, is said where rooms are wired.</summary>
internal static class ExecutionsSetup
{
    public static IServiceCollection AddExecutions(this IServiceCollection services, SettingsReader settings)
        => services
            .AddSingleton(ExecutionOptions.Read(settings))
            .AddSingleton<ExecutionMetrics>()
            .AddSingleton<NodeIdentity>()
            .AddSingleton<NodeStore>()
            .AddSingleton<ExecutionStore>()
            .AddSingleton<CaseStore>()
            .AddSingleton<RecordKeeper>()
            .AddSingleton<ExecutionQueue>()
            .AddSingleton<CaseRunner>()
            .AddSingleton<SessionHost>()
            .AddSingleton<ExecutionDesk>()
            .AddSingleton<ExecutionEvents>()
            .AddSingleton<SessionEvents>()
            .AddSingleton<CaseEvents>()
            .AddSingleton<Events>();

    /// <summary>All socket events of this slice.</summary>
    internal sealed class Events(ExecutionEvents executions, SessionEvents sessions, CaseEvents cases)
    {
        public void Register(Socket socket)
        {
            executions.Register(socket);
            sessions.Register(socket);
            cases.Register(socket);
        }
    }
}

/// <summary>What a room's grain needs to run things.</summary>
internal sealed record ExecutionDesk(
    ExecutionStore Store, ExecutionQueue Queue, RecordKeeper Records, SessionHost Sessions, CaseStore Cases, CaseRunner CaseRunner);
