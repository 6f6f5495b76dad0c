using CodeChill.Server.Rooms;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;
using CodeChill.Server.Users;

namespace CodeChill.Server.Tests.Rooms;

public sealed class PasswordTryStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Tries_of_the_last_day_are_there_after_a_reload(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var ada = await TestRooms.CreateUserAsync(database);
        var bob = await TestRooms.CreateUserAsync(database);
        var room = await TestRooms.CreateAsync(database, owner: ada);
        var other = await TestRooms.CreateAsync(database, owner: ada);
        var store = new PasswordTryStore(database);
        var start = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        for (var i = 0; i < RoomLimits.PasswordTries; i++)
            await store.AddAsync(room, bob, start);
        await store.AddAsync(room, ada, start.AddMinutes(1));

        var reloaded = new PasswordTries(await store.LoadAsync(room, start.AddMinutes(2)));
        reloaded.WaitFor(bob, start.AddMinutes(2)).ShouldBe(RoomLimits.PasswordWindow - TimeSpan.FromMinutes(2));
        reloaded.WaitFor(ada, start.AddMinutes(2)).ShouldBeNull();
        (await store.LoadAsync(other, start)).ShouldBeEmpty();

        await store.ForgiveAsync(room, bob);
        (await store.LoadAsync(room, start.AddMinutes(2))).ShouldBe([(ada, start.AddMinutes(1))]);
        // A day later nothing counts, and the next try clears it away.
        (await store.LoadAsync(room, start.AddDays(2))).ShouldBeEmpty();
        await store.AddAsync(room, bob, start.AddDays(2));
        (await store.LoadAsync(room, start.AddMinutes(2))).ShouldBe([(bob, start.AddDays(2))]);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Identities_that_differ_in_a_blank_are_two(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var users = new UserStore(database, TimeProvider.System);
        (await users.CreateAsync(Somebody("one", "auth0|x"))).ShouldBeTrue();
        (await users.FindByIdentityAsync("https://tenant/", "auth0|x ")).ShouldBeNull();
        (await users.FindByIdentityAsync("https://tenant/ ", "auth0|x")).ShouldBeNull();
        (await users.CreateAsync(Somebody("two", "auth0|x "))).ShouldBeTrue();
        (await users.CreateAsync(Somebody("three", "auth0|x "))).ShouldBeFalse();
        (await users.FindByIdentityAsync("https://tenant/", "auth0|x"))!.Name.ShouldBe("one");
        (await users.FindByIdentityAsync("https://tenant/", "auth0|x "))!.Name.ShouldBe("two");
        (await users.FindByIdentityAsync("https://tenant/", "AUTH0|x")).ShouldBeNull();

        static User Somebody(string name, string subject) => new()
        {
            Id = Guid.NewGuid().ToString(),
            Name = name,
            IdentityIssuer = "https://tenant/",
            IdentitySubject = subject,
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
    }
}
