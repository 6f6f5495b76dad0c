using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// The corpus (tests/fuzz/corpus, the kept documents, every crafted input) and seeded mutations of it, through every target.
/// <c>./dev fuzz text --seconds n</c> sets TEXT_FUZZ_SECONDS for a long run, which keeps inputs that behave in a new way.
/// </summary>
public sealed class CorpusTests
{
    private const int Mutations = 4_000;
    private const int MaxKept = 150;

    public static TheoryData<string> Names => [.. Targets.All.Keys];

    private static string Folder(string target) =>
        Path.Combine(YjsPeer.SourceFolder(), "..", "fuzz", "corpus", target.Replace(' ', '-'));

    private static List<byte[]> Corpus(string target)
    {
        var corpus = new List<byte[]>();
        if (Directory.Exists(Folder(target)))
        {
            corpus.AddRange(Directory.GetFiles(Folder(target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes));
        }

        foreach (string file in Directory.GetFiles(Path.Combine(YjsPeer.SourceFolder(), "Kept"), "yjs-*.v?").Order(StringComparer.Ordinal))
        {
            corpus.Add(File.ReadAllBytes(file));
        }

        foreach (var row in HostileUpdateTests.Crafted.Concat(AmplificationTests.V2Attacks))
        {
            corpus.Add(Convert.FromHexString(row.Data.Item2.Replace(" ", "", StringComparison.Ordinal)));
        }

        corpus.Add([1, 5, 1, 2, .. "{}"u8]);
        corpus.Add([0, 1, 2, 0, 0]);
        corpus.Add([0, 1, 4, 0]);
        corpus.Add([0, 0, 2, 1, 0]);
        return corpus;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_and_its_mutations_are_refused_or_harmless(string target)
    {
        var corpus = Corpus(target);
        corpus.ForEach(input => Run(target, input, "corpus"));
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("TEXT_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out double given) ? given : 0;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TEXT_FUZZ_SEED"), CultureInfo.InvariantCulture, out int first) ? first : 1;
        if (seconds > 0)
        {
            Search(target, corpus, seed, TimeSpan.FromSeconds(seconds / Names.Count));
            return;
        }

        var mutator = new Mutator(corpus, seed);
        for (int i = 0; i < Mutations; i++)
        {
            Run(target, mutator.Next(), $"seed {seed}, mutation {i}");
        }
    }

    // How an input behaves stands in for the code it reaches: what is new in that way is kept and mutated on.
    private static void Search(string target, List<byte[]> corpus, int seed, TimeSpan time)
    {
        var seen = corpus.Select(input => Run(target, input, "corpus")).ToHashSet(StringComparer.Ordinal);
        var mutator = new Mutator(corpus, seed);
        int kept = Directory.Exists(Folder(target)) ? Directory.GetFiles(Folder(target)).Length : 0;
        long runs = 0;
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < time; runs++)
        {
            byte[] input = mutator.Next();
            if (seen.Add(Run(target, input, $"seed {seed}, run {runs}")))
            {
                corpus.Add(input);
                if (kept++ < MaxKept)
                {
                    Keep(target, input);
                }
            }
        }

        string line = $"{target}: {runs} inputs from seed {seed}, {seen.Count} behaviours\n";
        if (Environment.GetEnvironmentVariable("TEXT_FUZZ_RESULT") is { } file)
        {
            File.AppendAllText(file, line);
        }
    }

    private static void Keep(string target, byte[] input)
    {
        Directory.CreateDirectory(Folder(target));
        File.WriteAllBytes(Path.Combine(Folder(target), Convert.ToHexStringLower(SHA256.HashData(input))[..16]), input);
    }

    private static string Run(string target, byte[] input, string what)
    {
        try
        {
            return Targets.All[target](input);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Target {target}, {what}, input {Convert.ToHexString(input)}", e);
        }
    }
}
