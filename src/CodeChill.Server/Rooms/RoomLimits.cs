namespace CodeChill.Server.Rooms;

internal static class RoomLimits
{
    public const int NameMin = 3;
    public const int NameMax = 100;
    public const int DescriptionMax = 500;
    public const int PasswordMin = 4;
    public const int PasswordMax = 128;
    public const int DefaultParticipants = 10;
    public const int MaxParticipants = 50;
    public const int ActiveRoomsPerUser = 5;
    public const int PerPage = 20;
    public const int MaxPerPage = 50;

    /// <summary>Sockets one user may have in a room: tabs, not a flood.</summary>
    public const int SocketsPerUser = 10;

    /// <summary>Wrong passwords of one account in <see cref="PasswordWindow"/>; a four-digit password would not survive more.</summary>
    public const int PasswordTries = 10;

    /// <summary>Wrong passwords a room takes in a day, from any number of accounts.</summary>
    public const int PasswordTriesPerDay = 30;

    public const int CursorBytes = 4096;

    public static readonly TimeSpan PasswordWindow = TimeSpan.FromMinutes(15);

    /// <summary>Whole-text clients get at most about thirty texts a second; the last one always comes.</summary>
    public static readonly TimeSpan WholeTextInterval = TimeSpan.FromMilliseconds(33);
}
