using CodeChill.Server.Platform;

namespace CodeChill.Server.Operations;

/// <summary>When things that nobody needs any more go. Null is never.</summary>
internal sealed record HousekeepingOptions
{
    public required TimeSpan? Every { get; init; }

    public required TimeSpan FirstAfter { get; init; }

    /// <summary>A room where nothing happened for so long is closed, as its owner would delete it.</summary>
    public required TimeSpan? RoomIdle { get; init; }

    /// <summary>How long a deleted room's rows stay before they are removed for good.</summary>
    public required TimeSpan? RoomPurge { get; init; }

    /// <summary>A member who was not in the room for so long stops being one; the owner stays.</summary>
    public required TimeSpan? MemberIdle { get; init; }

    /// <summary>A guest without a session can never come back; after so long the account is deleted.</summary>
    public required TimeSpan? GuestIdle { get; init; }

    /// <summary>How long a deleted account's rows stay before everything personal is removed for good.</summary>
    public required TimeSpan? AccountPurge { get; init; }

    /// <summary>Ages of <see cref="RetentionTask"/>s, by name.</summary>
    public required IReadOnlyDictionary<string, TimeSpan?> Retention { get; init; }

    public static HousekeepingOptions Read(SettingsReader settings)
    {
        var runs = Days(settings, "Housekeeping:ExecutionDays", 90);
        return new()
        {
            Every = settings.Number("Housekeeping:EveryMinutes", 60, 0, 10_080) is var minutes and not 0 ? TimeSpan.FromMinutes(minutes) : null,
            FirstAfter = TimeSpan.FromSeconds(settings.Number("Housekeeping:FirstAfterSeconds", 60, 0, 86_400)),
            RoomIdle = Days(settings, "Housekeeping:RoomIdleDays", 180),
            RoomPurge = Days(settings, "Housekeeping:RoomPurgeDays", 30),
            MemberIdle = Days(settings, "Housekeeping:MemberIdleDays", 90),
            GuestIdle = Days(settings, "Housekeeping:GuestIdleDays", 30),
            AccountPurge = Days(settings, "Housekeeping:AccountPurgeDays", 30),
            Retention = new Dictionary<string, TimeSpan?>
            {
                [RetentionTask.Executions] = runs,
                [RetentionTask.Chat] = Days(settings, "Housekeeping:ChatDays", 0),
                [RetentionTask.CaseRuns] = runs,
            },
        };
    }

    private static TimeSpan? Days(SettingsReader settings, string key, int fallback)
        => settings.Number(key, fallback, 0, 36_500) is var days and not 0 ? TimeSpan.FromDays(days) : null;
}
