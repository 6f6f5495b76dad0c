using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Tests.Linux;

/// <summary>Who runs on which processors.</summary>
public sealed class ProcessorSharesTests
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(25);

    private readonly ProcessorShares _four = new([0, 1, 2, 3]);

    [Fact]
    public void Box_that_is_alone_has_all()
    {
        var a = new Group();
        _four.Enter(a);
        a.Processors.ShouldBeNull("it is made with all of them");
    }

    [Fact]
    public void Busy_boxes_divide_the_processors_and_get_them_back()
    {
        Group[] g = [new(), new(), new()];
        var a = _four.Enter(g[0]);
        var b = _four.Enter(g[1]);
        g.Take(2).Select(x => x.Processors).ShouldBe(["0,1", "2,3"]);
        var c = _four.Enter(g[2]);
        g.Select(x => x.Processors).ShouldBe(["0", "1", "2,3"]);
        a.Leave();
        g.Skip(1).Select(x => x.Processors).ShouldBe(["0,1", "2,3"]);
        b.Leave();
        g[2].Processors.ShouldBe("0,1,2,3");
        c.Leave();
        c.Leave();
    }

    [Fact]
    public void Work_that_nobody_waits_for_takes_no_processor_from_others_however_busy()
    {
        Group[] g = [new(), new()];
        var later = _four.Enter(g[0]);
        later.Favour(false);
        later.Observe(s_tick, s_tick);
        _four.Enter(g[1]);
        g[1].Processors.ShouldBeNull();
        later.Favour(true);
        g.Select(x => x.Processors).Order().ShouldBe(["0,1", "2,3"]);
    }

    /// <summary>The one that measures a box may look once more when it has ended. Before there was an end, that made it busy for ever.</summary>
    [Fact]
    public void Box_that_was_looked_at_after_its_end_takes_nothing()
    {
        Group[] g = [new(), new()];
        var ended = _four.Enter(g[0]);
        ended.End();
        ended.Observe(s_tick, s_tick);
        _four.Enter(g[1]);
        g[1].Processors.ShouldBeNull();
    }

    [Fact]
    public void More_boxes_than_processors_share_one_each()
    {
        var two = new ProcessorShares([4, 6]);
        Group[] g = [new(), new(), new()];
        foreach (var x in g) two.Enter(x);
        g.Select(x => x.Processors).ShouldBe(["4", "6", "4"]);
    }

    [Fact]
    public void Box_that_does_nothing_for_a_second_takes_no_processor_from_others_until_it_works_again()
    {
        Group[] g = [new(), new()];
        var idle = _four.Enter(g[0]);
        _four.Enter(g[1]);
        var at = TimeSpan.Zero;
        while (at < TimeSpan.FromSeconds(1))
        {
            g[1].Processors.ShouldBe("2,3");
            idle.Observe(TimeSpan.FromMilliseconds(0.4), at += s_tick);
        }
        g.Select(x => x.Processors).ShouldBe(["0,1,2,3", "0,1,2,3"]);
        idle.Observe(TimeSpan.FromMilliseconds(1), at + s_tick);
        g.Select(x => x.Processors).Order().ShouldBe(["0,1", "2,3"]);
    }

    [Theory]
    [InlineData("0-3\n", "0,1,2,3")]
    [InlineData("0,2-3,8\n", "0,2,3,8")]
    [InlineData("5\n", null)]
    [InlineData("\n", null)]
    [InlineData("what\n", null)]
    public void Kernels_list_is_read(string text, string? all)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            ProcessorShares.Of(file)?.All.ShouldBe(all);
            (ProcessorShares.Of(file) is null).ShouldBe(all is null);
            ProcessorShares.Of(file + ".none").ShouldBeNull();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class Group : ControlGroup
    {
        public string? Processors { get; private set; }

        protected override IReadOnlyList<string> Directories => [];

        public override Usage Read() => default;

        public override TimeSpan ReadCpu() => default;

        public override void Favour(bool favoured)
        {
        }

        public override void Pin(string processors) => Processors = processors;
    }
}
