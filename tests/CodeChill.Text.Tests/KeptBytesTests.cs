namespace CodeChill.Text.Tests;

/// <summary>Documents written by released versions, and by npm yjs, stay readable: the files in Kept are never changed.</summary>
public sealed class KeptBytesTests
{
    private static string Folder => Path.Combine(YjsPeer.SourceFolder(), "Kept");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.v1").Select(static f => Path.GetFileNameWithoutExtension(f)!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_kept_document_reads_and_encodes_as_it_was(string name)
    {
        byte[] state = File.ReadAllBytes(Path.Combine(Folder, name + ".v1"));
        byte[] v2 = File.ReadAllBytes(Path.Combine(Folder, name + ".v2"));
        string text = File.ReadAllText(Path.Combine(Folder, name + ".txt"));
        var document = Document.Load(state);
        document.GetText("content").ToString().ShouldBe(text);
        document.EncodeStateAsUpdate().ShouldBe(state);
        document.EncodeStateAsUpdateV2().ShouldBe(v2);
        var second = new Document();
        second.ApplyUpdateV2(v2);
        second.EncodeStateAsUpdate().ShouldBe(state);
        Invariants.Check(document);
    }
}
