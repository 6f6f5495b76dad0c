using CodeChill.Server.Rooms;

namespace CodeChill.Server.Tests.Rooms;

public sealed class PasswordTriesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void The_eleventh_try_of_an_account_in_a_quarter_of_an_hour_waits()
    {
        var tries = new PasswordTries();
        for (var i = 0; i < RoomLimits.PasswordTries; i++)
        {
            tries.WaitFor("ada", Start).ShouldBeNull();
            tries.Failed("ada", Start);
        }

        tries.WaitFor("ada", Start).ShouldBe(RoomLimits.PasswordWindow);
        tries.WaitFor("bob", Start).ShouldBeNull();
        tries.WaitFor("ada", Start + RoomLimits.PasswordWindow).ShouldBeNull();
    }

    [Fact]
    public void The_thirty_first_wrong_try_of_a_day_waits_whoever_makes_it()
    {
        var tries = new PasswordTries();
        for (var i = 0; i < RoomLimits.PasswordTriesPerDay; i++)
            tries.Failed($"account {i}", Start);

        tries.WaitFor("a fresh account", Start + TimeSpan.FromHours(23)).ShouldBe(TimeSpan.FromHours(1));
        tries.WaitFor("a fresh account", Start + TimeSpan.FromHours(24)).ShouldBeNull();
    }

    [Fact]
    public void The_right_password_forgives_the_slips_before_it()
    {
        var tries = new PasswordTries();
        for (var i = 0; i < RoomLimits.PasswordTries; i++)
            tries.Failed("ada", Start);

        tries.Succeeded("ada");

        tries.WaitFor("ada", Start).ShouldBeNull();
    }
}
