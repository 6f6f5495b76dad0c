using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What all boxes of a runner share.</summary>
internal sealed record BoxHost(
    HostTools Tools, RootFileSystem Root, CgroupHost Cgroups, MemoryFile Seccomp, Launcher Launcher, Guardian Guardian, TimeProvider Time, Action<string> Log);
