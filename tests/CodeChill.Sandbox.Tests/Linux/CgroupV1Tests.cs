using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Tests.Linux;

/// <summary>Version 1's files, played by ordinary ones.</summary>
public sealed class CgroupV1Tests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup1-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Put(string file, string text)
    {
        var path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private CgroupV1 Detect(string processors)
    {
        Put("cpuset/cpuset.effective_cpus", processors);
        Put("cpuset/cpuset.effective_mems", "0\n");
        Put("memory/box/memory.limit_in_bytes", "");
        Put("pids/box/pids.max", "");
        Directory.CreateDirectory(Path.Combine(_root, "cpuacct"));
        var mounts = string.Concat(((string[])["memory", "pids", "cpuacct", "cpuset"]).Select(c => $"cgroup {_root}/{c} cgroup rw,{c} 0 0\n"));
        return CgroupV1.Detect(mounts, "", out var why).ShouldNotBeNull(why);
    }

    [Fact]
    public void Box_begins_with_all_processors_and_is_kept_to_those_it_is_given()
    {
        var (cpus, nodes) = (Put("cpuset/box/cpuset.cpus", ""), Put("cpuset/box/cpuset.mems", ""));
        var group = Detect("0-1\n").Create("box", 64 << 20, 32);
        File.ReadAllText(cpus).ShouldBe("0,1");
        File.ReadAllText(nodes).ShouldBe("0");
        group.Pin("1,0");
        File.ReadAllText(cpus).ShouldBe("1,0");
    }

    /// <summary>On a machine with one processor there is nothing to divide. A set was made all the same, without processors, and the kernel lets no process into such a one: no box could start.</summary>
    [Fact]
    public void One_processor_needs_no_set_of_processors()
    {
        var v1 = Detect("0\n");
        v1.Processors.ShouldBeNull();
        v1.Parents.ShouldNotContain(Path.Combine(_root, "cpuset"));
        v1.Create("box", 64 << 20, 32).Pin("0");
        Directory.Exists(Path.Combine(_root, "cpuset/box")).ShouldBeFalse();
    }
}
