using System.Buffers.Binary;
using System.Diagnostics;
using CodeChill.Text;
using CodeChill.Text.Bench;
using Trace = CodeChill.Text.Bench.Trace;

// One phase in one process: <phase> <file> <rounds>. Prints a line "name value" each; times are milliseconds of CPU, all
// threads together, so that other work on the machine counts little.
string phase = args[0];
string path = args[1];
int rounds = args.Length > 2 && int.TryParse(args[2], out int given) ? given : 5;
switch (phase)
{
    case "local":
        var trace = Trace.Read(path);
        Report(rounds, () => Replay(trace));
        break;
    case "remote":
        byte[][] updates = ReadUpdates(path);
        Report(rounds, () => ApplyAll(updates));
        break;
    case "compact":
        byte[][] log = ReadUpdates(path);
        Report(rounds, () => ApplyAll(log).EncodeStateAsUpdate());
        break;
    case "load":
        byte[] state = File.ReadAllBytes(path);
        Report(rounds, () => Document.Load(state));
        break;
    case "heap":
        Console.WriteLine($"bytes {HeapOf(File.ReadAllBytes(path))}");
        break;
    case "encode":
        byte[] encoded = File.ReadAllBytes(path);
        byte[] ours = Document.Load(encoded).EncodeStateAsUpdate();
        Console.WriteLine($"bytes {ours.Length}");
        Console.WriteLine($"identical {(ours.AsSpan().SequenceEqual(encoded) ? 1 : 0)}");
        break;
    case "replay-state":
        // Local replay, then the encoded state: to compare with that of yjs.
        File.WriteAllBytes(args[2], Replay(Trace.Read(path)).EncodeStateAsUpdate());
        break;
    case "apply-state":
        // The updates applied one by one, then the encoded state: to compare with that of yjs.
        File.WriteAllBytes(args[2], ApplyAll(ReadUpdates(path)).EncodeStateAsUpdate());
        break;
    case "x100":
        HundredTimes(ReadUpdates(path));
        break;
    default:
        throw new ArgumentException($"Unknown phase {phase}");
}

Console.WriteLine($"peak_rss_mb {Process.GetCurrentProcess().PeakWorkingSet64 >> 20}");

static void Report(int rounds, Func<object> run)
{
    var times = new List<double>();
    var walls = new List<double>();
    for (int i = 0; i < rounds; i++)
    {
        GC.Collect();
        long began = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Environment.CpuUsage.TotalTime;
        var result = run();
        double time = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        GC.KeepAlive(result);
        times.Add(time);
        walls.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        if (i == rounds - 1)
        {
            Console.WriteLine($"allocated {GC.GetAllocatedBytesForCurrentThread() - allocated}");
        }
    }

    Console.WriteLine($"first {times[0]:F2}");
    times.Sort();
    Console.WriteLine($"ms {times[times.Count / 2]:F2}");
    Console.WriteLine($"best {times[0]:F2}");
    walls.Sort();
    Console.WriteLine($"wall {walls[walls.Count / 2]:F2}");
}

static Document Replay(Trace trace)
{
    var document = new Document(new DocumentOptions { ClientId = 3_000_000_001 });
    var text = document.GetText("content");
    long bytes = 0;
    foreach (var edit in trace.Edits)
    {
        if (edit.DeleteLength > 0)
        {
            bytes += text.Delete(edit.Index, edit.DeleteLength).Update.Length;
        }

        if (edit.Insert.Length > 0)
        {
            bytes += text.Insert(edit.Index, edit.Insert).Update.Length;
        }
    }

    if (text.ToString() != trace.End || bytes == 0)
    {
        throw new InvalidOperationException("The replayed text is not the trace's.");
    }

    return document;
}

static Document ApplyAll(byte[][] updates)
{
    var document = new Document();
    foreach (byte[] update in updates)
    {
        document.ApplyUpdate(update);
    }

    return document;
}

static byte[][] ReadUpdates(string path)
{
    byte[] file = File.ReadAllBytes(path);
    var updates = new List<byte[]>();
    for (int at = 0; at < file.Length;)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at));
        updates.Add(file.AsSpan(at + 4, length).ToArray());
        at += 4 + length;
    }

    return [.. updates];
}

static long HeapOf(byte[] state)
{
    const int documents = 20;
    Document.Load(state);
    long before = GC.GetTotalMemory(true);
    var kept = new Document[documents];
    for (int i = 0; i < documents; i++)
    {
        kept[i] = Document.Load(state);
    }

    long after = GC.GetTotalMemory(true);
    GC.KeepAlive(kept);
    return (after - before) / documents;
}

// The trace a hundred times into one document, each by another client behind the other's text, as single-edit updates;
// beside it the median of the trace alone, into an empty document. Making the copies is not counted.
static void HundredTimes(byte[][] updates)
{
    var single = new List<double>();
    for (int i = 0; i < 7; i++)
    {
        var alone = new Document();
        single.Add(Measure(alone, updates));
    }

    single.Sort();
    var document = new Document();
    var times = new List<double>();
    for (int i = 0; i < 100; i++)
    {
        times.Add(Measure(document, [.. Renamed.Copy(updates, (uint)i)]));
    }

    double once = single[single.Count / 2];
    Console.WriteLine($"once {once:F1}");
    Console.WriteLine($"ms {times.Sum():F0}");
    Console.WriteLine($"linear {times.Sum() / (100 * once):F2}");
    Console.WriteLine($"length {document.GetText("content").Length}");
}

static double Measure(Document document, byte[][] updates)
{
    GC.Collect();
    var start = Environment.CpuUsage.TotalTime;
    foreach (byte[] update in updates)
    {
        document.ApplyUpdate(update);
    }

    return (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
}
