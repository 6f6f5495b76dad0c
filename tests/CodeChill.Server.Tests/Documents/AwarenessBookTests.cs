using CodeChill.Server.Documents;

namespace CodeChill.Server.Tests.Documents;

public sealed class AwarenessBookTests
{
    // One client: id 5, clock 1, state {"a":1}.
    private static readonly byte[] OneClient = [1, 5, 1, 7, .. "{\"a\":1}"u8];

    [Fact]
    public void A_state_is_kept_for_newcomers_and_cleared_when_its_socket_goes()
    {
        var book = new AwarenessBook();
        book.Apply("socket", OneClient).ShouldBeNull();

        book.Encode().ShouldBe(OneClient);
        book.Remove("socket").ShouldBe([1, 5, 2, 4, .. "null"u8]);
        book.Encode().ShouldBeNull();
        book.Remove("socket").ShouldBeNull();
    }

    [Fact]
    public void Another_sockets_state_cannot_be_replaced()
    {
        var book = new AwarenessBook();
        book.Apply("socket", OneClient);

        book.Apply("thief", [1, 5, 9, 4, .. "null"u8]).ShouldBeNull();

        book.Encode().ShouldBe(OneClient);
    }

    [Fact]
    public void Every_truncation_and_a_trailing_byte_are_refused()
    {
        var book = new AwarenessBook();
        for (var length = 0; length < OneClient.Length; length++)
            book.Apply("socket", OneClient.AsSpan(0, length)).ShouldBe(DocumentErrors.InvalidAwareness, $"cut at {length}");
        book.Apply("socket", [.. OneClient, 0]).ShouldBe(DocumentErrors.InvalidAwareness);
        book.Apply("socket", [1, 5, 1, 3, .. "{\"a"u8]).ShouldBe(DocumentErrors.InvalidAwareness);
        book.Apply("socket", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).ShouldBe(DocumentErrors.InvalidAwareness);
        book.Encode().ShouldBeNull();
    }

    [Fact]
    public void One_socket_cannot_fill_the_book()
    {
        var book = new AwarenessBook();
        for (byte client = 1; client <= 100; client++)
            book.Apply("socket", [1, client, 1, 2, .. "{}"u8]);

        book.Encode()![0].ShouldBe((byte)8);
    }
}
