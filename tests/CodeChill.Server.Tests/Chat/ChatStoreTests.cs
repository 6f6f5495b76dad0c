using CodeChill.Server.Chat;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Chat;

public sealed class ChatStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Pages_count_from_the_newest_and_run_forward_within(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database, "Ada 😀");
        var room = await TestRooms.CreateAsync(database, owner: user);
        // A clock that stands: order must not depend on it.
        var chat = new ChatStore(database, new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)));
        for (var i = 1; i <= 7; i++)
            (await chat.AddAsync(room, user, new NewMessage($"message {i} 😀", "text", null))).Error.ShouldBeNull();

        var (newest, total) = await chat.ListAsync(room, new PageRequest(1, 3));
        newest.Select(m => m.Content).ShouldBe(["message 5 😀", "message 6 😀", "message 7 😀"]);
        total.ShouldBe(7);
        (await chat.ListAsync(room, new PageRequest(3, 3))).Messages.Select(m => m.Content).ShouldBe(["message 1 😀"]);
        (await chat.RecentAsync(room, 2)).Select(m => m.Content).ShouldBe(["message 6 😀", "message 7 😀"]);
        newest[0].UserName.ShouldBe("Ada 😀");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_answer_needs_its_parent_in_the_same_room(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        var (room, other) = (await TestRooms.CreateAsync(database, owner: user), await TestRooms.CreateAsync(database, owner: user));
        var chat = new ChatStore(database, TimeProvider.System);
        var parent = (await chat.AddAsync(room, user, new NewMessage("question", "text", null))).Value!;

        (await chat.AddAsync(room, user, new NewMessage("answer", "code", parent.Id))).Value!.ReplyTo.ShouldBe(parent.Id);
        (await chat.AddAsync(other, user, new NewMessage("answer", "text", parent.Id))).Error.ShouldBe(ChatErrors.ParentNotFound);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Search_takes_its_words_literally_and_leaves_deleted_messages_out(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        var room = await TestRooms.CreateAsync(database, owner: user);
        var chat = new ChatStore(database, TimeProvider.System);
        foreach (var content in new[] { "100% sure!", "100 percent", "SURE thing", "snake_case", "snakeXcase" })
            await chat.AddAsync(room, user, new NewMessage(content, "text", null));

        (await chat.SearchAsync(room, "100%", new PageRequest(1, 10))).Messages.Select(m => m.Content).ShouldBe(["100% sure!"]);
        (await chat.SearchAsync(room, "sure", new PageRequest(1, 10))).Total.ShouldBe(2);
        var found = (await chat.SearchAsync(room, "snake_", new PageRequest(1, 10))).Messages.ShouldHaveSingleItem();

        await chat.DeleteAsync(found.Id);
        (await chat.SearchAsync(room, "snake_", new PageRequest(1, 10))).Total.ShouldBe(0);
        (await chat.SearchAsync(room, "deleted", new PageRequest(1, 10))).Total.ShouldBe(0);
        (await chat.FindAsync(found.Id)).ShouldBeNull();
        (await chat.ListAsync(room, new PageRequest(1, 10))).Messages.Single(m => m.Id == found.Id).Content.ShouldBe(ChatLimits.DeletedContent);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_edit_says_so(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        var room = await TestRooms.CreateAsync(database, owner: user);
        var chat = new ChatStore(database, TimeProvider.System);
        var message = (await chat.AddAsync(room, user, new NewMessage("teh", "text", null))).Value!;

        await chat.EditAsync(message.Id, "the");

        var edited = (await chat.FindAsync(message.Id))!;
        (edited.Content, edited.IsEdited, edited.EditedAt.HasValue).ShouldBe(("the", true, true));
    }
}
