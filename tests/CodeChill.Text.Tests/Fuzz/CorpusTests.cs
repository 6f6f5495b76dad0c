namespace CodeChill.Text.Tests.Fuzz;

/// <summary>The corpus: the kept documents, every crafted input, and seeded mutations of both, through every target.</summary>
public sealed class CorpusTests
{
    private const int Mutations = 2_000;

    public static TheoryData<string> Names => [.. Targets.All.Keys];

    private static List<byte[]> Corpus()
    {
        var corpus = new List<byte[]>();
        foreach (string file in Directory.GetFiles(Path.Combine(YjsPeer.SourceFolder(), "Kept"), "yjs-*.v?"))
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
        return corpus;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_and_its_mutations_are_refused_or_harmless(string target)
    {
        var corpus = Corpus();
        var run = Targets.All[target];
        corpus.ForEach(input => run(input));
        for (int seed = 0; seed < Mutations; seed++)
        {
            var random = new Random(seed);
            byte[] input = [.. corpus[random.Next(corpus.Count)]];
            for (int i = random.Next(1, 5); i > 0 && input.Length > 0; i--)
            {
                int at = random.Next(input.Length);
                byte[] other = corpus[random.Next(corpus.Count)];
                input = random.Next(3) switch
                {
                    0 => [.. input[..at], (byte)random.Next(256), .. input[(at + 1)..]],
                    1 => [.. input[..at], .. other[random.Next(other.Length + 1)..]],
                    _ => [.. input[..at], .. input[random.Next(input.Length)..]],
                };
            }

            try
            {
                run(input);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Target {target}, seed {seed}, input {Convert.ToHexString(input)}", e);
            }
        }
    }
}
