using CodeChill.Text.Sync;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// One method for each decoder: whatever the input, it is refused with <see cref="UpdateFormatException"/> or leaves a
/// consistent object. They take plain bytes, so that a coverage-guided fuzzer can call them as they are.
/// </summary>
internal static class Targets
{
    public static readonly IReadOnlyDictionary<string, Action<byte[]>> All = new Dictionary<string, Action<byte[]>>
    {
        ["update V1"] = input => Guard(() =>
        {
            var document = Base();
            document.ApplyUpdate(input);
            Invariants.Check(document);
            byte[] state = document.EncodeStateAsUpdate();
            Updates.Validate(state);
            Updates.Merge([state, input]);
        }),
        ["update V2"] = input => Guard(() =>
        {
            var document = Base();
            document.ApplyUpdateV2(input);
            Invariants.Check(document);
            document.EncodeStateAsUpdateV2();
        }),
        ["state vector"] = input => Guard(() => Base().EncodeStateAsUpdate(input)),
        ["awareness"] = input => Guard(() =>
        {
            var awareness = new Awareness();
            awareness.Apply(input);
            new Awareness().Apply(awareness.Encode());
        }),
        ["message"] = input => Guard(() => SyncMessage.Read(input).ToArray()),
        ["position"] = input => Guard(() => RelativePosition.Decode(input).Encode()),
    };

    private static Document Base()
    {
        var document = new Document(new DocumentOptions { ClientId = 1 });
        document.GetText("content").Insert(0, "some text 😀 here");
        document.GetText("content").Delete(2, 3);
        return document;
    }

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (UpdateFormatException)
        {
        }
    }
}
