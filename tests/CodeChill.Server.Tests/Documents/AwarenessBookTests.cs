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
        Apply(book, "socket", OneClient).ShouldBeNull();

        book.Encode().ShouldBe(OneClient);
        book.Remove("socket").ShouldBe([1, 5, 2, 4, .. "null"u8]);
        book.Encode().ShouldBeNull();
        book.Remove("socket").ShouldBeNull();
    }

    [Fact]
    public void Another_sockets_state_cannot_be_replaced()
    {
        var book = new AwarenessBook();
        Apply(book, "socket", OneClient);

        Apply(book, "thief", [1, 5, 9, 4, .. "null"u8]).ShouldBeNull();

        book.Encode().ShouldBe(OneClient);
    }

    [Fact]
    public void Every_truncation_and_a_trailing_byte_are_refused()
    {
        var book = new AwarenessBook();
        for (var length = 0; length < OneClient.Length; length++)
            Apply(book, "socket", OneClient.AsSpan(0, length).ToArray()).ShouldBe(DocumentErrors.InvalidAwareness, $"cut at {length}");
        Apply(book, "socket", [.. OneClient, 0]).ShouldBe(DocumentErrors.InvalidAwareness);
        Apply(book, "socket", [1, 5, 1, 3, .. "{\"a"u8]).ShouldBe(DocumentErrors.InvalidAwareness);
        Apply(book, "socket", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).ShouldBe(DocumentErrors.InvalidAwareness);
        book.Encode().ShouldBeNull();
    }

    [Fact]
    public void One_socket_cannot_fill_the_book()
    {
        var book = new AwarenessBook();
        for (byte client = 1; client <= 100; client++)
            Apply(book, "socket", [1, client, 1, 2, .. "{}"u8]);

        book.Encode()![0].ShouldBe((byte)8);
    }

    [Fact]
    public void A_newer_client_takes_the_place_of_the_oldest_and_the_others_are_told()
    {
        var book = new AwarenessBook();
        for (byte client = 1; client <= 8; client++)
            Apply(book, "socket", [1, client, 1, 2, .. "{}"u8]);
        Apply(book, "socket", [1, 1, 2, 2, .. "{}"u8]);

        book.Apply("socket", "Ada", (byte[])[1, 9, 1, 2, .. "{}"u8], out var news).ShouldBeNull();
        news.ToArray().ShouldBe([2, 9, 1, 2, .. "{}"u8, 2, 2, 4, .. "null"u8], "client 1 was renewed, so client 2 is the oldest");
    }

    [Fact]
    public void What_others_repeat_is_no_news_and_makes_nobody_its_owner()
    {
        var book = new AwarenessBook();
        Apply(book, "socket", OneClient);

        book.Apply("other", "Bob", OneClient, out var echo).ShouldBeNull();
        echo.Length.ShouldBe(0);
        book.Remove("other").ShouldBeNull();
        book.Remove("socket").ShouldNotBeNull();
        // The last repetition comes after its owner has gone.
        book.Apply("other", "Bob", OneClient, out echo).ShouldBeNull();
        echo.Length.ShouldBe(0);
        book.Encode().ShouldBeNull();
    }

    [Fact]
    public void A_mixed_update_is_told_without_what_was_not_taken()
    {
        var book = new AwarenessBook();
        Apply(book, "socket", OneClient);

        byte[] mixed = [2, 6, 1, 2, .. "{}"u8, .. OneClient[1..]];
        book.Apply("other", "Bob", mixed, out var news).ShouldBeNull();

        news.ToArray().ShouldBe([1, 6, 1, 2, .. "{}"u8]);
    }

    [Fact]
    public void A_users_next_socket_goes_on_where_the_last_one_broke_off()
    {
        var book = new AwarenessBook();
        Apply(book, "socket", OneClient);

        byte[] later = [1, 5, 2, 2, .. "{}"u8];
        book.Apply("again", "Ada", later, out var news).ShouldBeNull();

        news.Length.ShouldBe(6);
        book.Remove("socket").ShouldBeNull("the state is the new socket's");
        book.Remove("again").ShouldNotBeNull();
    }

    private static CodeChill.Server.Platform.Error? Apply(AwarenessBook book, string socket, byte[] update)
        => book.Apply(socket, socket == "thief" ? "Eve" : "Ada", update, out _);
}
