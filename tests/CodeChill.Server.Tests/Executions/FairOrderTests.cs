using CodeChill.Server.Executions;

namespace CodeChill.Server.Tests.Executions;

public sealed class FairOrderTests
{
    private sealed record Item(string Room, string User, int Number);

    private readonly FairOrder<Item> _order = new(i => i.Room, i => i.User);

    [Fact]
    public void A_room_with_ten_holds_up_nobody_elses_first()
    {
        for (var i = 0; i < 10; i++)
            _order.Add(new("big", $"user {i}", i));
        _order.Next()!.Room.ShouldBe("big");
        _order.Add(new("small", "bob", 0));
        _order.Next()!.Room.ShouldBe("small");
        // One that comes back each time waits its turn like everybody else.
        _order.Add(new("small", "bob", 1));
        _order.Next()!.Room.ShouldBe("big");
        _order.Next()!.Room.ShouldBe("small");
    }

    [Fact]
    public void Within_a_room_users_take_turns_and_each_keeps_their_order()
    {
        for (var i = 0; i < 3; i++)
            _order.Add(new("room", "ada", i));
        for (var i = 0; i < 2; i++)
            _order.Add(new("room", "bob", i));
        Drain().ShouldBe(["ada 0", "bob 0", "ada 1", "bob 1", "ada 2"]);
    }

    [Fact]
    public void What_is_foreseen_is_what_comes()
    {
        var random = new Random(12345);
        for (var i = 0; i < 100; i++)
            _order.Add(new($"room {random.Next(7)}", $"user {random.Next(9)}", i));
        for (var i = 0; i < 20; i++)
            _order.Next();
        var foreseen = _order.Foresee();
        foreseen.Count.ShouldBe(80);
        var came = new List<Item>();
        while (_order.Next() is { } next)
            came.Add(next);
        came.ShouldBe(foreseen);
    }

    [Fact]
    public void Nobody_waits_for_more_turns_than_there_are_rooms_with_something_to_run()
    {
        for (var room = 0; room < 10; room++)
        {
            for (var i = 0; i < 10; i++)
                _order.Add(new($"room {room}", $"user {room}", i));
        }

        var since = new Dictionary<string, int>();
        for (var turn = 0; _order.Next() is { } next; turn++)
        {
            if (since.TryGetValue(next.Room, out var last))
                (turn - last).ShouldBe(10);
            since[next.Room] = turn;
        }
    }

    private List<string> Drain()
    {
        var came = new List<string>();
        while (_order.Next() is { } next)
            came.Add($"{next.User} {next.Number}");
        return came;
    }
}
