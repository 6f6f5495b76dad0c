using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What all boxes of a runner share.</summary>
/// <param name="Init">The first process of a box (<see cref="BoxInit"/>); null where bubblewrap's own is used.</param>
internal sealed record BoxHost(
    HostTools Tools, RootFileSystem Root, CgroupHost Cgroups, MemoryFile Seccomp, MemoryFile? Init, Launcher Launcher, Guardian Guardian, TimeProvider Time, Action<string> Log);
