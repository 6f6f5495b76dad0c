using BenchmarkDotNet.Attributes;
using CodeChill.Text;

namespace CodeChill.Text.InnerBench;

/// <summary>What one call of the library costs, on a text of 20,000 characters that many edits have cut into pieces.</summary>
[MemoryDiagnoser]
public class InnerPaths
{
    private byte[] _state = [];
    private byte[] _stateV2 = [];
    private byte[] _typed = [];
    private byte[] _conflicts = [];
    private byte[] _stateVector = [];
    private string _before = "";
    private string _after = "";
    private Document _document = new();
    private SharedText _text = new Document().GetText("content");
    private int _at;

    /// <summary>Makes the document.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        var document = new Document(new DocumentOptions { ClientId = 1_000_000_001 });
        var text = document.GetText("content");
        while (text.Length < 20_000)
        {
            text.Insert(random.Next(text.Length + 1), "a few words, ");
            text.Delete(random.Next(text.Length - 3), 2);
        }

        _state = document.EncodeStateAsUpdate();
        _stateV2 = document.EncodeStateAsUpdateV2();
        _stateVector = document.EncodeStateVector();
        _before = text.ToString();
        _after = _before.Insert(12_000, "typed").Remove(3_000, 40);
        document.ClientId = 2_000_000_002;
        _typed = text.Insert(10_000, "x").Update.ToArray();
        _conflicts = Conflicts();
        _document = Document.Load(_state, new DocumentOptions { ClientId = 3_000_000_003 });
        _text = _document.GetText("content");
        _at = 10_000;
    }

    // 2,000 clients that typed at the same place at the same time.
    private static byte[] Conflicts()
    {
        var updates = new List<byte[]>();
        for (uint client = 1; client <= 2_000; client++)
        {
            updates.Add(new Document(new DocumentOptions { ClientId = client }).GetText("content").Insert(0, "x").Update.ToArray());
        }

        return Updates.Merge(updates);
    }

    /// <summary>A character typed where the last one was; deleted again now and then.</summary>
    [Benchmark]
    public int TypeCharacter()
    {
        if (_text.Length > 21_000)
        {
            _text.Delete(10_000, 1_000);
            _at = 10_000;
        }

        return _text.Insert(_at++, "x").Update.Length;
    }

    /// <summary>The state loaded, and one remote edit applied.</summary>
    [Benchmark]
    public bool LoadAndApply()
    {
        var document = Document.Load(_state);
        return document.ApplyUpdate(_typed).IsEmpty;
    }

    /// <summary>An update that is known already.</summary>
    [Benchmark]
    public bool ApplyKnown() => _document.ApplyUpdate(_state).IsEmpty;

    /// <summary>The state loaded.</summary>
    [Benchmark]
    public bool Load() => Document.Load(_state).HasPending;

    /// <summary>The state loaded from V2.</summary>
    [Benchmark]
    public bool LoadV2()
    {
        var document = new Document();
        return document.ApplyUpdateV2(_stateV2).IsEmpty;
    }

    /// <summary>2,000 conflicting insertions.</summary>
    [Benchmark]
    public bool ApplyConflicts() => new Document().ApplyUpdate(_conflicts).IsEmpty;

    /// <summary>The whole state encoded.</summary>
    [Benchmark]
    public int Encode() => _document.EncodeStateAsUpdate().Length;

    /// <summary>What a peer lacks that has nearly everything.</summary>
    [Benchmark]
    public int EncodeDifference() => _document.EncodeStateAsUpdate(_stateVector).Length;

    /// <summary>The text.</summary>
    [Benchmark]
    public int ReadText() => _text.ToString().Length;

    /// <summary>The edits between two texts of 20,000 characters.</summary>
    [Benchmark]
    public int Diff() => TextDiff.Compute(_before, _after).Count;
}
