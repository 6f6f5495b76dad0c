using System.Diagnostics;
using System.Globalization;
using CodeChill.Sandbox;
using CodeChill.Sandbox.Bench;
using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

// Every figure stands beside the same toolchain run bare, in the same run, round by round. "x" lines at the end are for the script that adds what is measured
// over a server.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var quick = args.Contains("--quick");
var rounds = Option("--rounds", quick ? 5 : 21);
var slowRounds = Option("--slow-rounds", quick ? 2 : 11);
var steps = Option("--steps", quick ? 30 : 100);
var only = args.SkipWhile(a => a != "--languages").Skip(1).FirstOrDefault()?.Split(',');

await using var cold = await SandboxRunner.CreateAsync(new() { FirstUid = 820_000, CompileCacheBytes = 0, WarmMemoryBytes = 0, PreparedBoxes = 0, Log = Console.Error.WriteLine });
await using var warm = await SandboxRunner.CreateAsync(new() { FirstUid = 820_100, WarmMemoryBytes = 2L << 30, Log = Console.Error.WriteLine });
if (!cold.Report.Available)
{
    Console.WriteLine($"Programs cannot be run here: {cold.Report.Reason} {string.Join("; ", cold.Report.Fix)}");
    return 1;
}
var toolchains = cold.Languages.Where(l => l.Available && (only is null || only.Contains(l.Name))).Select(l => cold.ToolchainOf(l.Name)!).ToList();
await using var bare = Bare.Start(cold.Host!, toolchains);
Console.WriteLine($"{Environment.ProcessorCount} processors, {cold.Report.Limits}, bubblewrap {cold.Report.BubblewrapVersion}, root {cold.Report.RootPath}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");

var limits = new RunLimits { Wall = TimeSpan.FromMinutes(1) };
var unique = 0;
var x = new SortedDictionary<string, double>(StringComparer.Ordinal);
await StepsAsync();
await ThroughputAsync();
await NeighbourAsync();
Console.WriteLine();
Console.WriteLine("hello world, median wall/CPU in ms    bare compile  bare run     cold  (x bare)          warm  (x bare)        cached  (x bare run, ms over it)");
foreach (var toolchain in toolchains) await LanguageAsync(toolchain);
foreach (var (name, value) in x) Console.WriteLine($"x {name} {value:0.000}");
return 0;

int Option(string name, int fallback) => args.SkipWhile(a => a != name).Skip(1).Select(int.Parse).FirstOrDefault(fallback);

// X1: what a box costs: the same do-nothing command, bare and boxed. What this process spends on starting and watching it is told beside it.
async Task StepsAsync()
{
    List<Sample> plain = [], boxed = [];
    var slot = new Slot(90, cold.Report.SeparateUsers ? 820_090 : null);
    var spec = new BoxSpec { Command = ["/usr/bin/true"], Limits = HostCheck.ProbeLimits };
    for (var i = 0; i < (quick ? 5 : 100); i++) await Box.RunAsync(spec, BoxPorts.None, null, cold.Host!, slot, CancellationToken.None);
    double own = 0;
    for (var i = 0; i < steps; i++)
    {
        plain.Add(await bare.RunAsync(["/usr/bin/true"], [], [], false));
        var before = OwnCpu();
        var outcome = await Box.RunAsync(spec, BoxPorts.None, null, cold.Host!, slot, CancellationToken.None);
        own += OwnCpu() - before;
        boxed.Add(new(outcome.Wall.TotalMilliseconds, outcome.Cpu.TotalMilliseconds));
    }
    var (p, b) = (plain.Median(), boxed.Median());
    Console.WriteLine($"one step (true): bare {p.Wall:0.0} ms wall {p.Cpu:0.0} ms CPU; in a box {b.Wall:0.0} ms wall {b.Cpu:0.0} ms CPU ; this process beside it {own / steps:0.0} ms CPU (mean)");
    x["X1_cpu"] = b.Cpu - p.Cpu;
    x["X1_own"] = own / steps;
    x["X1_ratio"] = b.Cpu / p.Cpu;
    x["X1_wall"] = b.Wall - p.Wall;
}

// X6: as many python one-liners as the slots take.
async Task ThroughputAsync()
{
    if (cold.ToolchainOf("python") is not { Info.Available: true }) return;
    var bests = new List<double>();
    for (var round = 0; round < (quick ? 1 : 3); round++)
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, steps).Select(_ => OkAsync(cold, "python", "print(1)")));
        bests.Add(steps / watch.Elapsed.TotalSeconds / Environment.ProcessorCount);
    }
    x["X6"] = Samples.Median(bests);
    List<Sample> one = [], raw = [];
    var python = cold.ToolchainOf("python")!;
    for (var i = 0; i < rounds; i++)
    {
        raw.Add(await bare.RunAsync([.. python.Language.Run], [("/box/main.py", "print(1)")], python.Environment(256 << 20), true));
        var watch = Stopwatch.StartNew();
        var result = await OkAsync(cold, "python", "print(1)");
        one.Add(new(watch.Elapsed.TotalMilliseconds, result.Cpu.TotalMilliseconds));
    }
    x["python_bare_wall"] = raw.Median().Wall;
    Console.WriteLine($"python one-liner: bare {raw.Median()} ms, in a box {one.Median()} ms (wall/CPU); {x["X6"]:0.0} a second a core");
}

// S11: the same work alone, and beside a box that does its worst; pair by pair.
async Task NeighbourAsync()
{
    if (Environment.ProcessorCount < 2 || cold.ToolchainOf("python") is not { Info.Available: true }) return;
    const string Work = "import time\nt = time.perf_counter()\nfor _ in range(3_000_000): pass\nprint(time.perf_counter() - t)";
    (string Name, string Source)[] attacks =
    [
        // What two programs on these processors do to each other anyway.
        ("one busy process (no attack)", "while True: pass"),
        ("fork bomb", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"),
        ("busy processes", "import os\nfor _ in range(5): os.fork()\nwhile True: pass"),
        ("output flood", "import os\nwhile True: os.write(1, b'x' * 65536)"),
    ];
    var ratios = attacks.Select(_ => new List<double>()).ToArray();
    for (var i = 0; i < (quick ? 3 : 15); i++)
    {
        for (var a = 0; a < attacks.Length; a++)
        {
            var before = await WorkAsync();
            using var end = new CancellationTokenSource();
            var attacking = AttackAsync(attacks[a].Source, end.Token);
            var beside = await WorkAsync();
            await end.CancelAsync();
            await attacking;
            ratios[a].Add(beside * 2 / (before + await WorkAsync()));
        }
    }
    for (var a = 0; a < attacks.Length; a++)
    {
        Console.WriteLine($"a neighbour's run beside a box with {attacks[a].Name}: {Samples.Median(ratios[a]):0.00} times its time alone (median of {ratios[a].Count})");
    }
    x["S11"] = ratios.Skip(1).Max(Samples.Median);
    x["S11_base"] = Samples.Median(ratios[0]);

    async Task<double> WorkAsync() => double.Parse((await OkAsync(warm, "python", Work)).Stdout, CultureInfo.InvariantCulture);

    // One that has ended starts again a tenth of a second later: twenty times as often as the server lets anybody.
    async Task AttackAsync(string source, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await warm.RunAsync(new() { Language = "python", Source = source, Limits = new() { Wall = TimeSpan.FromSeconds(30) } }, null, end);
            await Task.Delay(100, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

async Task LanguageAsync(Toolchain toolchain)
{
    var language = toolchain.Language;
    var slow = language.Name is "kotlin" or "swift";
    List<Sample> compile = [], run = [], chilled = [], warmed = [], cached = [];
    List<double> inWorker = [];
    for (var i = 0; i < (slow ? slowRounds : rounds); i++)
    {
        var source = Unique(language);
        IEnumerable<(string, string)> files = [("/box/" + language.FileName, source), .. toolchain.Part.Files];
        if (language.Compile is { } step) compile.Add(await bare.RunAsync(["/bin/sh", "-c", step.Script], files, toolchain.Environment(step.MemoryBytes), true));
        run.Add(await bare.RunAsync([.. language.Run.Select(a => Toolchain.Fill(a, 256 << 20))], language.Compile is null ? files : [], toolchain.Environment(256 << 20), language.Compile is null));

        var watch = Stopwatch.StartNew();
        var result = await OkAsync(cold, language.Name, source);
        chilled.Add(new(watch.Elapsed.TotalMilliseconds, (result.CompileCpu + result.Cpu).TotalMilliseconds));

        if (language.Warm is not null && !await warm.PreparedAsync(language.Name)) Console.WriteLine($"  no waiting compiler for {language.Name}");
        await BoxesReadyAsync(language);
        watch.Restart();
        result = await OkAsync(warm, language.Name, source, "room");
        warmed.Add(new(watch.Elapsed.TotalMilliseconds, (result.CompileCpu + result.Cpu).TotalMilliseconds));
        if (result.CompileWarm) inWorker.Add(result.CompileWall.TotalMilliseconds);
        // The next waiting compiler warms up after a run; it must not be measured.
        if (language.Warm is not null) await warm.PreparedAsync(language.Name);
        await BoxesReadyAsync(language);
        watch.Restart();
        result = await OkAsync(warm, language.Name, source, "room");
        cached.Add(new(watch.Elapsed.TotalMilliseconds, result.Cpu.TotalMilliseconds));
        if (language.Compile is not null && !result.CompileCached) throw new InvalidOperationException("The second run was not cached.");
    }
    var (c, r, h, w, k) = (compile.Median(), run.Median(), chilled.Median(), warmed.Median(), cached.Median());
    var whole = double.IsNaN(c.Wall) ? r : c + r;
    Console.WriteLine(
        $"{language.Name,-12} {run.Count,2} rounds                   {(double.IsNaN(c.Wall) ? "     -     " : c.ToString())}  {r}  {h} ({h.Wall / whole.Wall:0.00}/{h.Cpu / whole.Cpu:0.00})  {w} ({w.Wall / whole.Wall:0.00}/{w.Cpu / whole.Cpu:0.00})"
        + $"  {k} ({k.Wall / r.Wall:0.00}, {k.Wall - r.Wall:+0;-0} ms)" + (inWorker.Count > 0 ? $"  compiled in {Samples.Median(inWorker):0} ms" : ""));
    x[$"cold_{language.Name}"] = h.Wall;
    x[$"warm_{language.Name}"] = w.Wall;
    x[$"bare_{language.Name}"] = whole.Wall;
    if (language.Compile is not null)
    {
        x[$"X5_bare_{language.Name}"] = k.Wall / r.Wall;
        x[$"X5_over_{language.Name}"] = k.Wall - r.Wall;
    }
}

// A box that is being set up for the next run must not be measured.
async Task BoxesReadyAsync(Language language)
{
    var ready = await warm.BoxReadyAsync(language.Name, limits);
    if (language.Compile is not null && language.Warm is null) ready &= await warm.BoxReadyAsync(language.Name, limits, compile: true);
    if (!ready) throw new InvalidOperationException($"No box waits for {language.Name}.");
}

string Unique(Language language) => language.Template + (language.Name is "python" or "ruby" or "php" ? $"\n# {++unique}\n" : $"\n// {++unique}\n");

async Task<RunResult> OkAsync(SandboxRunner runner, string language, string source, string? owner = null)
{
    var result = await runner.RunAsync(new() { Language = language, Source = source, Owner = owner, Limits = limits });
    return result.Status == RunStatus.Success ? result : throw new InvalidOperationException($"{language}: {result}");
}

// Processor milliseconds of this process: counted in hundredths of a second, so means of many steps only.
static double OwnCpu()
{
    var stat = File.ReadAllText("/proc/self/stat");
    var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    return Enumerable.Range(11, 2).Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture)) * 10;
}
