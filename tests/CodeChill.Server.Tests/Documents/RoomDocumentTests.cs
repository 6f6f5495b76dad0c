using CodeChill.Server.Documents;
using CodeChill.Text;

namespace CodeChill.Server.Tests.Documents;

/// <summary>Whole-text clients: nobody's keystrokes are thrown away because a colleague typed at the same time.</summary>
public sealed class RoomDocumentTests
{
    [Fact]
    public void Two_stale_changes_both_survive()
    {
        var (document, ada, bob) = Open("one\ntwo\nthree\n");

        Apply(document, ada, "ONE\ntwo\nthree\n", 1);
        Apply(document, bob, "one\ntwo\nthree!\n", 1);

        document.Text.ShouldBe("ONE\ntwo\nthree!\n");
        document.Version.ShouldBe(3);
    }

    [Fact]
    public void Going_back_to_a_text_keeps_what_was_typed_since_the_comparison()
    {
        var (document, ada, _) = Open("old text");
        Apply(document, ada, "new text", 1);
        var edits = TextDiff.Compute("new text", "old text");
        Apply(document, ada, "new text, and more", 2);

        var restored = document.ApplyEdits(edits, 2).Value;

        restored.Changed.ShouldBeTrue();
        restored.Version.ShouldBe(4);
        document.Text.ShouldBe("old text, and more");
        document.ApplyEdits(edits, 99).Error.ShouldBe(DocumentErrors.Conflict);
    }

    [Fact]
    public void Several_changes_in_flight_typed_on_one_version_add_up_once()
    {
        var (document, ada, bob) = Open("x");

        Apply(document, ada, "xa", 1);
        Apply(document, bob, "Bx", 1);
        Apply(document, ada, "xab", 1);
        Apply(document, ada, "xabc", 1);

        document.Text.ShouldBe("Bxabc");
    }

    [Fact]
    public void A_change_typed_on_a_sent_text_does_not_delete_an_earlier_one_in_flight()
    {
        var (document, ada, bob) = Open("x");
        Apply(document, ada, "xa", 1); // version 2
        Apply(document, bob, "Bx", 1); // version 3: Ada is sent "Bxa"
        ada.Sent(3);

        // Typed before that text came: it holds a, b on "x".
        Apply(document, ada, "xab", 1); // version 4
        // Typed on the sent text, without b.
        Apply(document, ada, "Bxac", 3);

        document.Text.ShouldContain("a");
        document.Text.ShouldContain("b");
        document.Text.ShouldContain("c");
        document.Text.ShouldStartWith("Bx");
        document.Text.Length.ShouldBe(5);
    }

    [Fact]
    public void A_change_on_an_acknowledged_version_counts_the_senders_later_changes_in()
    {
        var (document, ada, _) = Open("x");
        Apply(document, ada, "xa", 1); // version 2, taken as is
        ada.TakenAsIs(2);
        Apply(document, ada, "xab", 1); // version 3, in flight when the acknowledgement of 2 came
        Apply(document, ada, "xabc", 2);

        document.Text.ShouldBe("xabc");
    }

    [Fact]
    public void A_deletion_does_not_take_what_others_typed_inside_it()
    {
        var (document, ada, bob) = Open("hello cruel world");

        Apply(document, bob, "hello crNEWuel world", 1);
        Apply(document, ada, "hello world", 1);

        document.Text.ShouldContain("NEW");
        document.Text.ShouldNotContain("cruel");
    }

    [Fact]
    public void A_deletion_of_what_was_deleted_already_counts_for_its_sender_only()
    {
        var (document, ada, bob) = Open("XYZ");
        Apply(document, ada, "XY", 1); // version 2: Z deleted
        Apply(document, bob, "XY", 1); // Z deleted once more
        var cid = new WholeTextReplica();
        cid.Sent(1);

        Apply(document, cid, "aXYZ", 1);

        document.Text.ShouldBe("aXY");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(9)]
    public void A_version_that_is_not_known_is_a_conflict_and_changes_nothing(long version)
    {
        var document = RoomDocument.Restore(new StoredDocument(1, 1, RoomDocument.Template("text"), [], null));
        var ada = new WholeTextReplica();

        document.ApplyWholeText(ada, "other", version, null).Error.ShouldBe(DocumentErrors.Conflict);

        document.Text.ShouldBe("text");
        document.Version.ShouldBe(1);
    }

    [Fact]
    public void The_longest_text_is_taken_and_one_more_is_not()
    {
        var (document, ada, _) = Open("");

        document.ApplyWholeText(ada, new string('x', DocumentLimits.WholeTextLength + 1), 1, null).Error.ShouldBe(DocumentErrors.TooLong);
        document.ApplyWholeText(ada, new string('x', DocumentLimits.WholeTextLength), 1, null).Error.ShouldBeNull();
        document.Length.ShouldBe(DocumentLimits.WholeTextLength);
    }

    [Fact]
    public void A_repeated_operation_is_found_by_its_id()
    {
        var (document, ada, _) = Open("x");
        document.ApplyWholeText(ada, "xy", 1, "ada:1");

        document.FindOperation("ada:1").ShouldBe(2);
        document.FindOperation("ada:2").ShouldBeNull();
    }

    [Fact]
    public void A_malformed_update_changes_nothing()
    {
        var (document, _, _) = Open("text");

        document.ApplyUpdate(new byte[] { 1, 2, 3, 4, 5 }).Error.ShouldBe(DocumentErrors.InvalidUpdate);
        document.ApplyUpdate(Array.Empty<byte>()).Error.ShouldBe(DocumentErrors.InvalidUpdate);

        document.Text.ShouldBe("text");
        document.Version.ShouldBe(1);
    }

    [Fact]
    public void An_update_that_brings_nothing_new_makes_no_version()
    {
        var (document, _, _) = Open("");
        var update = RoomDocument.Template("typed elsewhere");

        document.ApplyUpdate(update).Value.Changed.ShouldBeTrue();
        document.ApplyUpdate(update).Value.Changed.ShouldBeFalse();
        document.Version.ShouldBe(2);
    }

    [Fact]
    public void A_yjs_edit_and_a_stale_whole_text_change_merge()
    {
        var (document, ada, _) = Open("ab");
        var peer = new Document();
        peer.ApplyUpdate(document.EncodeState());
        document.ApplyUpdate(peer.GetText(RoomDocument.RootName).Insert(1, "YJS").Update);

        Apply(document, ada, "abWHOLE", 1);

        document.Text.ShouldBe("aYJSbWHOLE");
    }

    private static (RoomDocument Document, WholeTextReplica Ada, WholeTextReplica Bob) Open(string text)
    {
        var row = new UpdateRow { Seq = 1, Version = 1, Payload = RoomDocument.Template(text) };
        var document = RoomDocument.Restore(new StoredDocument(0, 0, null, [row], null));
        var (ada, bob) = (new WholeTextReplica(), new WholeTextReplica());
        ada.Sent(1);
        bob.Sent(1);
        return (document, ada, bob);
    }

    private static void Apply(RoomDocument document, WholeTextReplica replica, string content, long version)
        => document.ApplyWholeText(replica, content, version, null).Error.ShouldBeNull();
}
