using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests;

[Collection(nameof(YjsPeer))]
public sealed class PositionTests(YjsPeer peer)
{
    [Fact]
    public void Positions_are_those_of_yjs_in_both_directions()
    {
        for (uint seed = 1; seed <= 20; seed++)
        {
            peer.Reset(seed, seed + 100);
            peer.Edit(0, 30, seed % 2 == 0 ? 40 : 0, seed);
            peer.State(0);
            var answer = new ByteReader(peer.Send());
            YjsPeer.ReadUpdates(ref answer);
            var before = Document.Load(YjsPeer.ReadState(ref answer).State);
            var text = before.GetText("content");

            // Positions are taken, then the document changes.
            var positions = new List<RelativePosition>();
            for (int index = 0; index <= text.Length; index++)
            {
                foreach (bool leftward in new[] { false, true })
                {
                    var position = text.GetPosition(index, leftward);
                    positions.Add(position);
                    var command = peer.Command(8);
                    command.WriteVarUint(0);
                    command.WriteVarUint(index);
                    command.WriteVarUint(leftward ? 0 : 1);
                }
            }

            peer.Edit(0, 20, 20, seed + 7);
            peer.State(0);
            foreach (var position in positions)
            {
                var command = peer.Command(9);
                command.WriteVarUint(0);
                command.WriteVarBytes(position.Encode());
            }

            answer = new ByteReader(peer.Send());
            foreach (var position in positions)
            {
                byte[] theirs = answer.ReadVarBytes().ToArray();
                position.Encode().ShouldBe(theirs);
                RelativePosition.Decode(theirs).ShouldBe(position);
            }

            YjsPeer.ReadUpdates(ref answer);
            before.ApplyUpdate(YjsPeer.ReadState(ref answer).State);
            foreach (var position in positions)
            {
                (text.IndexOf(position) + 1 ?? 0).ShouldBe((int)answer.ReadVarUint(), $"seed {seed}, {position}");
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0305")]
    [InlineData("0105")]
    [InlineData("0102C328")]
    [InlineData("00010100 00")]
    public void Malformed_positions_are_refused(string hex) =>
        Should.Throw<UpdateFormatException>(() => RelativePosition.Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void A_position_in_something_unknown_has_no_index()
    {
        var text = new Document().GetText("content");
        text.IndexOf(new RelativePosition(new IdRange(9, 0, 1), null, null, 0)).ShouldBeNull();
        text.IndexOf(new RelativePosition(null, "other", null, 0)).ShouldBeNull();
        text.IndexOf(new RelativePosition(null, "content", null, 0)).ShouldBe(0);
    }

    [Fact]
    public void Authors_are_the_clients_that_typed()
    {
        var document = new Document(new DocumentOptions { ClientId = 1 });
        var text = document.GetText("content");
        text.Insert(0, "one one");
        document.ClientId = 2;
        text.Insert(3, " two");
        text.GetAuthors().ShouldBe([new AuthorRun(0, 3, 1), new AuthorRun(3, 4, 2), new AuthorRun(7, 4, 1)]);
        Document.Load(document.EncodeStateAsUpdate()).GetText("content").GetAuthors().ShouldBe(text.GetAuthors());
    }
}
