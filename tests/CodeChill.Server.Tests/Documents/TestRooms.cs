using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Tests.Documents;

/// <summary>Users and rooms for store tests.</summary>
internal static class TestRooms
{
    public static async Task<string> CreateUserAsync(Database database, string name = "Ada")
    {
        var id = Ids.New(TimeProvider.System);
        await database.WriteAsync((c, t) => c.ExecuteAsync(
            "INSERT INTO users (id, name, is_guest, is_active, created_at, updated_at) VALUES (@id, @name, 1, 1, 0, 0)", new { id, name }, t));
        return id;
    }

    public static async Task<string> CreateAsync(Database database, string text = "print('hello')\n", string? owner = null)
    {
        owner ??= await CreateUserAsync(database);
        var created = await new RoomStore(database, TimeProvider.System).CreateAsync(
            new NewRoom("A room", null, false, null, 10, "python", owner, RoomDocument.Template(text), text));
        return created.Value!;
    }
}
