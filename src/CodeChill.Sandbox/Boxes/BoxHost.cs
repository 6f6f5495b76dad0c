using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What all boxes of a runner share.</summary>
/// <param name="Init">The first process of a box (<see cref="BoxInit"/>); null where bubblewrap's own is used.</param>
/// <param name="Gate">What a box runs that waits for its program (<see cref="BoxGate"/>); null where none can.</param>
internal sealed record BoxHost(
    HostTools Tools, RootFileSystem Root, CgroupHost Cgroups, MemoryFile Seccomp, MemoryFile? Init, MemoryFile? Gate, Launcher Launcher, Guardian Guardian, TimeProvider Time, Action<string> Log);
