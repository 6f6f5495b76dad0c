using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;

namespace CodeChill.Server.Tests.Rooms;

public sealed class RoomStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task The_sixth_active_room_is_refused_even_when_all_are_asked_for_at_once(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var owner = await TestRooms.CreateUserAsync(database);

        var created = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => CreateAsync(database, owner)));

        created.Count(c => c.Error is null).ShouldBe(RoomLimits.ActiveRoomsPerUser);
        created.Where(c => c.Error is not null).ShouldAllBe(c => c.Error == RoomErrors.TooManyRooms);
        await Store(database).DeleteAsync(created.First(c => c.Error is null).Value!);
        (await CreateAsync(database, owner)).Error.ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Lists_show_public_rooms_newest_activity_first_and_search_literally(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var owner = await TestRooms.CreateUserAsync(database, "Ada");
        await CreateAsync(database, owner, "First 50%");
        await CreateAsync(database, owner, "Second", isPrivate: true);
        await CreateAsync(database, owner, "third", language: "go");

        var (all, total) = await Store(database).ListPublicAsync(null, null, new PageRequest(1, 20));
        all.Select(r => r.Name).ShouldBe(["third", "First 50%"]);
        (total, all[0].OwnerName).ShouldBe((2, "Ada"));
        (await Store(database).ListPublicAsync("50%", null, new PageRequest(1, 20))).Rooms.Select(r => r.Name).ShouldBe(["First 50%"]);
        (await Store(database).ListPublicAsync("FIRST", null, new PageRequest(1, 20))).Total.ShouldBe(1);
        (await Store(database).ListPublicAsync(null, "go", new PageRequest(1, 20))).Rooms.ShouldHaveSingleItem().Language.ShouldBe("go");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Who_comes_back_keeps_one_row_and_gets_the_role_of_the_day(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database);
        var user = await TestRooms.CreateUserAsync(database, "Bob");
        var store = Store(database);

        await store.AddMemberAsync(room, user, RoomPermissions.Moderator);
        await store.RemoveMemberAsync(room, user);
        (await store.FindRoleAsync(room, user)).ShouldBe((true, null));
        await store.AddMemberAsync(room, user, RoomPermissions.Participant);

        (await store.FindRoleAsync(room, user)).ShouldBe((true, RoomPermissions.Participant));
        (await store.MembersAsync([room]))[room].Count(m => m.UserId == user).ShouldBe(1);
        (await store.ListMineAsync(user)).ShouldHaveSingleItem().UserRole.ShouldBe(RoomPermissions.Participant);
        (await store.AuthorizeAsync(room, Ids.New(TimeProvider.System), RoomAction.Read)).ShouldBe(RoomErrors.AccessDenied);
        await store.DeleteAsync(room);
        (await store.AuthorizeAsync(room, user, RoomAction.Read)).ShouldBe(RoomErrors.NotFound);
    }

    private static RoomStore Store(Database database) => new(database, TimeProvider.System);

    private static Task<Outcome<string>> CreateAsync(Database database, string owner, string name = "Room", bool isPrivate = false, string language = "python")
        => Store(database).CreateAsync(new NewRoom(name, null, isPrivate, null, 10, language, owner, RoomDocument.Template("x"), "x"));
}
