using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Tests.Linux;

/// <summary>The unified hierarchy's files, played by ordinary ones: which are written, and what is made of what is read.</summary>
public sealed class CgroupV2Tests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("cgroup2-").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private void Put(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_parent, file))!);
        File.WriteAllText(Path.Combine(_parent, file), text);
    }

    private string Get(string file) => File.ReadAllText(Path.Combine(_parent, file));

    [Fact]
    public void Group_without_memory_and_pids_is_not_adopted()
    {
        Put("cgroup.controllers", "hugetlb\n");
        CgroupV2.Adopt(_parent, 42, out var why).ShouldBeNull();
        why.ShouldContain("no memory and pids");
    }

    [Fact]
    public void Delegated_group_is_split_into_a_leaf_for_this_process_and_room_for_boxes()
    {
        Put("cgroup.controllers", "cpu memory pids\n");
        Put("cgroup.subtree_control", "");
        Put("codechill-server/cgroup.procs", "");
        CgroupV2.Adopt(_parent, 42, out _).ShouldNotBeNull();
        Get("codechill-server/cgroup.procs").ShouldBe("42");
        Get("cgroup.subtree_control").ShouldBe("+memory +pids +cpu");
    }

    [Fact]
    public void Boxes_are_kept_to_processors_where_that_is_offered()
    {
        Put("cgroup.controllers", "cpuset cpu memory pids\n");
        Put("cgroup.subtree_control", "");
        Put("cpuset.cpus.effective", "0-3\n");
        Put("codechill-server/cgroup.procs", "");
        var v2 = CgroupV2.Adopt(_parent, 42, out _)!;
        Get("cgroup.subtree_control").ShouldBe("+memory +pids +cpu +cpuset");
        v2.Processors!.All.ShouldBe("0,1,2,3");
        foreach (var file in (string[])["memory.max", "pids.max", "cpuset.cpus"]) Put("box/" + file, "");
        v2.Create("box", 64 << 20, 32).Pin("2,3");
        Get("box/cpuset.cpus").ShouldBe("2,3");
    }

    [Fact]
    public void Group_that_cannot_be_split_is_not_adopted_and_says_so()
    {
        Put("cgroup.controllers", "memory pids\n");
        Put("cgroup.subtree_control", "");
        // No cgroup.procs in the leaf: as when the kernel refuses.
        CgroupV2.Adopt(_parent, 42, out var why).ShouldBeNull();
        why.ShouldContain("not delegated");
    }

    [Fact]
    public void Limits_are_written_and_counters_read()
    {
        Put("cgroup.controllers", "memory pids\n");
        Put("cgroup.subtree_control", "memory pids\n");
        var v2 = CgroupV2.Adopt(_parent, 42, out _)!;
        foreach (var file in (string[])["memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"]) Put("box/" + file, "");
        var group = v2.Create("box", 64 << 20, 32);
        Get("box/memory.max").ShouldBe("67108864");
        Get("box/memory.swap.max").ShouldBe("0");
        Get("box/memory.oom.group").ShouldBe("1");
        Get("box/pids.max").ShouldBe("32");
        group.Join(4711);
        Get("box/cgroup.procs").ShouldBe("4711");

        Put("box/cpu.weight", "");
        group.Favour(false);
        Get("box/cpu.weight").ShouldBe("25");
        Put("box/cpu.weight", "");
        group.Favour(true);
        Get("box/cpu.weight").ShouldBe("100");

        Put("box/cpu.stat", "usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n");
        Put("box/memory.peak", "12345678\n");
        Put("box/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 1\n");
        Put("box/pids.events", "max 7\n");
        group.Read().ShouldBe(new Usage(TimeSpan.FromSeconds(1.5), 12345678, 1, 7));

        Put("box/cgroup.kill", "");
        group.Kill();
        Get("box/cgroup.kill").ShouldBe("1");
    }

    [Fact]
    public void Names_of_groups_tell_their_owner()
    {
        CgroupHost.OwnerOf("codechill-123-abcd-1").ShouldBe(123);
        CgroupHost.OwnerOf("codechill-server").ShouldBeNull();
        CgroupHost.OwnerOf("other-123-1").ShouldBeNull();
    }
}
