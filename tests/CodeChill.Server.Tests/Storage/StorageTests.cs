using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Storage;

/// <summary>What every store relies on, on both dialects.</summary>
public sealed class StorageTests(DatabaseFixture databases)
{
    private const string UserInsert =
        "INSERT INTO users (id, name, email, login_email, is_guest, is_active, created_at, updated_at) VALUES (@Id, @Name, @Email, @Email, @IsGuest, @IsActive, @CreatedAt, @UpdatedAt)";

    private static readonly DateTimeOffset _noon = new(2026, 2, 3, 12, 30, 15, 678, TimeSpan.Zero);
    private static readonly FakeTimeProvider _clock = new(_noon);

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_committed_write_is_read_back_and_survives_reopening(string dialect)
    {
        var place = await databases.PlaceAsync(dialect);
        var first = databases.Open(dialect, place);
        await first.MigrateAsync(TestContext.Current.CancellationToken);
        var user = NewUser("Ada");
        await first.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, user, t));
        (await NamesAsync(first)).ShouldBe(["Ada"]);

        var second = databases.Open(dialect, place);
        await second.MigrateAsync(TestContext.Current.CancellationToken);

        (await NamesAsync(second)).ShouldBe(["Ada"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_write_that_throws_leaves_nothing_and_the_next_one_works(string dialect)
    {
        var database = await databases.CreateAsync(dialect);

        await Should.ThrowAsync<InvalidTimeZoneException>(() => database.WriteAsync(async (c, t) =>
        {
            await c.ExecuteAsync(UserInsert, NewUser("half"), t);
            throw new InvalidTimeZoneException("anything may throw between two statements");
        }));
        (await NamesAsync(database)).ShouldBeEmpty();

        await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, NewUser("whole"), t));
        (await NamesAsync(database)).ShouldBe(["whole"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_write_is_invisible_to_readers_until_it_is_committed(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var inserted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var write = database.WriteAsync(async (c, t) =>
        {
            await c.ExecuteAsync(UserInsert, NewUser("Ada"), t);
            inserted.SetResult();
            await looked.Task;
        });
        await inserted.Task;
        (await NamesAsync(database)).ShouldBeEmpty();
        looked.SetResult();
        await write;

        (await NamesAsync(database)).ShouldBe(["Ada"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_duplicate_primary_or_unique_key_is_told_from_other_failures(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = NewUser("Ada") with { Email = "ada@example.org" };
        await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, user, t));

        var samePrimary = await Should.ThrowAsync<Exception>(() => database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, user with { Email = null }, t)));
        var sameUnique = await Should.ThrowAsync<Exception>(() =>
            database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, NewUser("Other") with { Email = "ada@example.org" }, t)));
        var other = await Should.ThrowAsync<Exception>(() => database.WriteAsync((c, t) => c.ExecuteAsync("INSERT INTO nowhere (id) VALUES (1)", transaction: t)));
        var foreign = await Should.ThrowAsync<Exception>(() => database.WriteAsync((c, t) => c.ExecuteAsync(
            "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ('s', 'nobody', 1, 2)", transaction: t)));

        database.IsDuplicateKey(samePrimary).ShouldBeTrue();
        database.IsDuplicateKey(sameUnique).ShouldBeTrue();
        database.IsDuplicateKey(other).ShouldBeFalse();
        database.IsDuplicateKey(foreign).ShouldBeFalse();
        (await NamesAsync(database)).ShouldBe(["Ada"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task An_ignored_duplicate_changes_nothing(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var sql = UserInsert.Replace("INSERT", database.InsertOrIgnore, StringComparison.Ordinal);
        var user = NewUser("first");

        var inserted = await database.WriteAsync((c, t) => c.ExecuteAsync(sql, user, t));
        var ignored = await database.WriteAsync((c, t) => c.ExecuteAsync(sql, user with { Name = "second" }, t));

        inserted.ShouldBe(1);
        ignored.ShouldBe(0);
        (await NamesAsync(database)).ShouldBe(["first"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Migrating_twice_changes_nothing(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var before = await database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM changelog"));
        await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, NewUser("Ada"), t));

        await database.MigrateAsync(TestContext.Current.CancellationToken);

        (await database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM changelog"))).ShouldBe(before);
        before.ShouldBeGreaterThan(0);
        (await NamesAsync(database)).ShouldBe(["Ada"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_commit_survives_power_loss(string dialect)
    {
        var database = await databases.CreateAsync(dialect);

        (await database.DurabilityAsync(TestContext.Current.CancellationToken)).ShouldBe("full");
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Times_and_booleans_and_nulls_come_back_as_they_went(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var guest = NewUser("guest") with { IsGuest = true, IsActive = false, CreatedAt = _noon.AddTicks(9_999), UpdatedAt = DateTimeOffset.UnixEpoch };
        await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, guest, t));

        var read = await database.ReadAsync(c => c.QuerySingleAsync<UserRow>("SELECT * FROM users WHERE id = @Id", new { guest.Id }));
        var found = await database.ReadAsync(c => c.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM users WHERE created_at <= @Now AND is_guest = @Yes", new { Now = _noon, Yes = true }));

        read.IsGuest.ShouldBeTrue();
        read.IsActive.ShouldBeFalse();
        read.Email.ShouldBeNull();
        read.StatsUpdatedAt.ShouldBeNull();
        read.CreatedAt.ShouldBe(_noon, "times are kept to the millisecond");
        read.CreatedAt.Offset.ShouldBe(TimeSpan.Zero);
        read.UpdatedAt.ShouldBe(DateTimeOffset.UnixEpoch);
        found.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Text_keeps_case_accents_and_characters_beyond_the_basic_plane(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        // A binary collation of MySQL still ignores trailing spaces when it compares: keys are trimmed before they get here.
        string[] names = ["ada", "Ada", "Adá", "\U0001F469\u200D\U0001F680 日本 \0 end"];
        foreach (var name in names)
            await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, NewUser(name) with { Email = name }, t));

        (await NamesAsync(database)).ShouldBe(names, ignoreOrder: true);
        (await database.ReadAsync(c => c.QueryAsync<string>("SELECT name FROM users WHERE email = @email", new { email = "ada" }))).ShouldBe(["ada"]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task A_like_pattern_finds_wildcards_as_plain_characters(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        foreach (var name in (string[])["100% sure", "100 x sure", "a_b", "axb", "wow!"])
            await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, NewUser(name), t));

        (await FindAsync("0%")).ShouldBe(["100% sure"]);
        (await FindAsync("a_b")).ShouldBe(["a_b"]);
        (await FindAsync("w!")).ShouldBe(["wow!"]);

        Task<IEnumerable<string>> FindAsync(string part) => database.ReadAsync(c => c.QueryAsync<string>(
            "SELECT name FROM users WHERE name LIKE @pattern ESCAPE '!'", new { pattern = Database.LikePattern(part) }));
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Bytes_of_a_document_come_back_exactly_up_to_a_megabyte(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        const int Seed = 20260203;
        var payload = new byte[1 << 20];
        new Random(Seed).NextBytes(payload);

        await database.WriteAsync((c, t) => c.ExecuteAsync(
            "INSERT INTO room_updates (room_id, seq, version, client_kind, created_at, crc, payload) VALUES ('r', 1, 1, 'yjs', @At, 4294967295, @payload)",
            new { At = _noon, payload },
            t));

        var (read, crc) = await database.ReadAsync(c => c.QuerySingleAsync<(byte[], long)>("SELECT payload, crc FROM room_updates WHERE room_id = 'r'"));
        read.ShouldBe(payload, $"seed {Seed}");
        crc.ShouldBe(uint.MaxValue);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Of_two_owners_that_append_the_same_number_one_is_fenced_off(string dialect)
    {
        var database = await databases.CreateAsync(dialect);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(AppendAsync));

        outcomes.Count(won => won).ShouldBe(1);

        async Task<bool> AppendAsync(int owner)
        {
            try
            {
                await database.WriteAsync((c, t) => c.ExecuteAsync(
                    "INSERT INTO room_updates (room_id, seq, version, client_kind, created_at, crc, payload) VALUES ('r', 7, 7, 'yjs', @At, 0, @Payload)",
                    new { At = _noon, Payload = new[] { (byte)owner } },
                    t));
                return true;
            }
            catch (Exception failure) when (database.IsDuplicateKey(failure))
            {
                return false;
            }
        }
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Concurrent_writes_all_commit(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = NewUser("0");
        await database.WriteAsync((c, t) => c.ExecuteAsync(UserInsert, user, t));

        // Read-modify-write inside one transaction: a lost update would show as a smaller number.
        var lockRow = dialect == "mysql" ? " FOR UPDATE" : "";
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => database.WriteAsync(async (c, t) =>
        {
            var name = await c.ExecuteScalarAsync<string>($"SELECT name FROM users WHERE id = @Id{lockRow}", new { user.Id }, t);
            var next = int.Parse(name!, System.Globalization.CultureInfo.InvariantCulture) + 1;
            await c.ExecuteAsync("UPDATE users SET name = @name WHERE id = @Id", new { user.Id, name = next.ToString(System.Globalization.CultureInfo.InvariantCulture) }, t);
        })));

        (await NamesAsync(database)).ShouldBe(["40"]);
    }

    private static UserRow NewUser(string name)
        => new() { Id = Ids.New(_clock), Name = name, IsActive = true, CreatedAt = _noon, UpdatedAt = _noon };

    /// <summary>Without the user that takes over what deleted accounts leave behind.</summary>
    private static Task<IEnumerable<string>> NamesAsync(Database database)
        => database.ReadAsync(c => c.QueryAsync<string>("SELECT name FROM users WHERE id <> '00000000-0000-0000-0000-000000000000'"));

    private sealed record UserRow
    {
        public string Id { get; init; } = "";
        public string Name { get; init; } = "";
        public string? Email { get; init; }
        public bool IsGuest { get; init; }
        public bool IsActive { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
        public DateTimeOffset? StatsUpdatedAt { get; init; }
    }
}
