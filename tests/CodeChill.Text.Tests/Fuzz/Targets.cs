using System.Text.RegularExpressions;
using CodeChill.Text.Sync;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// One method for each decoder: whatever the input, it is refused with <see cref="UpdateFormatException"/> and changes
/// nothing, or leaves a consistent object. They take plain bytes and use the public interface only, so that a
/// coverage-guided fuzzer can call them as they are; what they return says in short how the input behaved.
/// </summary>
internal static partial class Targets
{
    public static readonly IReadOnlyDictionary<string, Func<byte[], string>> All = new Dictionary<string, Func<byte[], string>>
    {
        ["update V1"] = input => Update(input, static (document, bytes) => document.ApplyUpdate(bytes)),
        ["update V2"] = input => Update(input, static (document, bytes) => document.ApplyUpdateV2(bytes)),
        ["without a document"] = input => Guard(() => WithoutDocument(input)),
        ["state vector"] = input => Guard(() => $"{Base().EncodeStateAsUpdate(input).Length}"),
        ["awareness"] = input => Guard(() =>
        {
            var awareness = new Awareness();
            var change = awareness.Apply(input);
            new Awareness().Apply(awareness.Encode());
            return $"{change.Added.Count} {change.Removed.Count}";
        }),
        ["message"] = input => Guard(() => $"{SyncMessage.Read(SyncMessage.Read(input).ToArray()).Kind}"),
        ["position"] = input => Guard(() =>
        {
            var position = RelativePosition.Decode(input);
            Require(RelativePosition.Decode(position.Encode()) == position, "a position changes by encoding it");
            return $"{position.Association} {Base().GetText("content").IndexOf(position)}";
        }),
    };

    private static Document Base()
    {
        var document = new Document(new DocumentOptions { ClientId = 1 });
        document.GetText("content").Insert(0, "some text 😀 here");
        document.GetText("content").Delete(2, 3);
        return document;
    }

    private static string Update(byte[] input, Func<Document, byte[], DocumentChange> apply)
    {
        var document = Base();
        byte[] before = document.EncodeStateAsUpdate();
        string refused = Guard(() =>
        {
            var change = apply(document, input);
            Require(change.Inserted.Count + change.Deleted.Count + change.Edits.Count >= 0, "a change cannot be read");
            return "";
        });
        if (refused.Length > 0)
        {
            Require(before.AsSpan().SequenceEqual(document.EncodeStateAsUpdate()), "a refused update changed the document");
            return refused;
        }

        Invariants.Check(document);
        string map = ToJson(document.GetMap("map").ToJson);
        string list = ToJson(document.GetArray("list").ToJson);
        byte[] state = document.EncodeStateAsUpdate();
        Updates.Validate(state);
        document.EncodeStateAsUpdateV2();

        // What it said must be sayable again. What waits and overlaps what is known is cut as in Yjs, and may come in then.
        var second = Document.Load(state, new DocumentOptions { LimitExpansion = false });
        Invariants.Check(second);
        Require(document.HasPending || second.EncodeStateVector().AsSpan().SequenceEqual(document.EncodeStateVector()), "the state vector changes by encoding the state");
        return $"{document.HasPending} {map.Length} {list.Length} {state.Length - before.Length}";
    }

    private static string ToJson(Func<string> toJson)
    {
        try
        {
            return toJson();
        }
        catch (InvalidOperationException e) when (e.Message.StartsWith("Types are nested", StringComparison.Ordinal))
        {
            return e.Message;
        }
    }

    private static string WithoutDocument(byte[] input)
    {
        Updates.Validate(input);
        byte[] state = Base().EncodeStateAsUpdate();
        byte[] merged = Updates.Merge([state, input]);
        Updates.Validate(merged);
        Updates.Validate(Updates.Diff(merged, Base().EncodeStateVector()));
        byte[] v2 = Updates.ToV2(input);
        return $"{merged.Length - state.Length} {Updates.StateVectorOf(merged).Length} {v2.Length - input.Length}";
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }

    private static string Guard(Func<string> action)
    {
        try
        {
            return action();
        }
        catch (UpdateFormatException e)
        {
            return Numbers().Replace(e.Message, "#");
        }
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
