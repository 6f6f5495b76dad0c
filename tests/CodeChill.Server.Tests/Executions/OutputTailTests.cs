using CodeChill.Server.Executions;

namespace CodeChill.Server.Tests.Executions;

public sealed class OutputTailTests
{
    [Fact]
    public void Pieces_of_one_stream_are_one_and_the_order_of_streams_stays()
    {
        var tail = new OutputTail();
        tail.Append("stdout", "a", 0);
        tail.Append("stdout", "b", 1);
        tail.Append("stderr", "c", 2);
        tail.Append("stdout", "d", 3);
        tail.Pieces().ShouldBe([new OutputPiece("stdout", "ab"), new("stderr", "c"), new("stdout", "d")]);
        (tail.Text(), tail.Seq, tail.Truncated).ShouldBe(("abcd", 3, false));
    }

    [Fact]
    public void It_holds_the_end_and_never_half_a_character()
    {
        for (var capacity = 1; capacity < 40; capacity++)
        {
            var tail = new OutputTail(capacity);
            var all = "";
            for (var i = 0; i < 30; i++)
            {
                var text = i % 3 == 0 ? "👋👋" : $"line {i}\n";
                all += text;
                tail.Append(i % 2 == 0 ? "stdout" : "stderr", text, i);
                var held = tail.Text();
                held.Length.ShouldBeLessThanOrEqualTo(capacity);
                all.ShouldEndWith(held);
                (held.Length > 0 && char.IsLowSurrogate(held[0])).ShouldBeFalse();
            }

            tail.Truncated.ShouldBeTrue();
        }
    }
}
