using CodeChill.Text.Sync;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Text.Tests;

public sealed class AwarenessTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void States_travel_and_the_newer_clock_wins()
    {
        var a = new Awareness(time: _time);
        var b = new Awareness(time: _time);
        a.Set(1, """{"name":"Ada"}""").Added.ShouldBe([1UL]);
        byte[] old = a.Encode();
        b.Apply(old).Added.ShouldBe([1UL]);
        a.Set(1, """{"name":"Ada","cursor":3}""").Changed.ShouldBe([1UL]);
        b.Apply(a.Encode()).Changed.ShouldBe([1UL]);
        b.Apply(old).IsEmpty.ShouldBeTrue();
        b.StateOf(1).ShouldBe("""{"name":"Ada","cursor":3}""");
    }

    [Fact]
    public void A_state_that_is_not_renewed_goes_after_30_seconds_and_peers_can_be_told()
    {
        var a = new Awareness(time: _time);
        var b = new Awareness(time: _time);
        a.Set(5, "{}");
        b.Apply(a.Encode());
        _time.Advance(TimeSpan.FromSeconds(29));
        a.RemoveOutdated().IsEmpty.ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        var gone = a.RemoveOutdated();
        gone.Removed.ShouldBe([5UL]);
        b.Apply(a.Encode(gone.All)).Removed.ShouldBe([5UL]);
        b.States.ShouldBeEmpty();
    }

    [Fact]
    public void A_removed_client_comes_back_with_a_higher_clock_only()
    {
        var a = new Awareness(time: _time);
        a.Set(5, "1");
        byte[] first = a.Encode();
        a.Set(5, null).Removed.ShouldBe([5UL]);
        a.Apply(first).IsEmpty.ShouldBeTrue();
        a.Apply([1, 5, 2, 1, (byte)'7']).Added.ShouldBe([5UL]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("FFFFFFFF0F")]
    [InlineData("0101")]
    [InlineData("010100027B7B")]
    [InlineData("01010002C328")]
    [InlineData("0101000431")]
    [InlineData("01010001 3100")]
    [InlineData("0101FFFFFFFFFFFFFFFFFF0131")]
    public void Malformed_updates_are_refused(string hex)
    {
        var awareness = new Awareness(time: _time);
        byte[] update = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Should.Throw<UpdateFormatException>(() => awareness.Apply(update));
        awareness.States.ShouldBeEmpty();
    }

    [Fact]
    public void Limits_hold()
    {
        var awareness = new Awareness(new AwarenessOptions { MaxClients = 2, MaxStateBytes = 10 }, _time);
        awareness.Apply([2, 1, 0, 1, (byte)'1', 2, 0, 1, (byte)'2']).Added.Count.ShouldBe(2);
        Should.Throw<UpdateFormatException>(() => awareness.Apply([1, 3, 0, 1, (byte)'3']));
        Should.Throw<UpdateFormatException>(() => awareness.Apply([1, 1, 9, 11, .. "\"123456789\""u8]));
        awareness.States.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(SyncMessageKind.Step1, "0000020100")]
    [InlineData(SyncMessageKind.Step2, "0001020100")]
    [InlineData(SyncMessageKind.Update, "0002020100")]
    [InlineData(SyncMessageKind.Awareness, "01020100")]
    [InlineData(SyncMessageKind.Denied, "0200020100")]
    public void Messages_have_the_envelope_of_y_websocket(SyncMessageKind kind, string hex)
    {
        byte[] bytes = new SyncMessage(kind, new byte[] { 1, 0 }).ToArray();
        Convert.ToHexString(bytes).ShouldBe(hex);
        var message = SyncMessage.Read(bytes);
        message.Kind.ShouldBe(kind);
        message.Payload.ToArray().ShouldBe([1, 0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("000300")]
    [InlineData("04")]
    [InlineData("0000")]
    [InlineData("000005")]
    [InlineData("00000000")]
    [InlineData("0201")]
    public void Malformed_messages_are_refused(string hex) =>
        Should.Throw<UpdateFormatException>(() => SyncMessage.Read(Convert.FromHexString(hex)));
}
