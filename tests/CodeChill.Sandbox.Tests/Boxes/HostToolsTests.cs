using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Tests.Boxes;

public sealed class HostToolsTests
{
    [Theory]
    [InlineData("0000000000001000", "")] // SIGPIPE: .NET's own
    [InlineData("0000000000000000", "")]
    [InlineData("0000000000001006", "2,3")] // started with & in a script
    [InlineData("0000000000001007", "1,2,3")] // and by nohup
    public void Signals_that_were_ignored_at_start_are_recognised(string mask, string signals) =>
        string.Join(',', HostTools.IgnoredSignals($"Name:\tx\nSigIgn:\t{mask}\nSigCgt:\t0\n")).ShouldBe(signals);
}
