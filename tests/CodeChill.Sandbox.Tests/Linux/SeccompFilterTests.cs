using System.Buffers.Binary;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Tests.Linux;

/// <summary>Runs the generated filter in a small interpreter: the other architecture's table is tested on this machine, too.</summary>
public sealed class SeccompFilterTests
{
    public static TheoryData<string> Architectures => ["x64", "arm64"];

    private static SyscallTable Table(string name) => name == "x64" ? SyscallTable.X64 : SyscallTable.Arm64;

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Every_denied_call_is_refused_and_its_neighbours_are_not(string name)
    {
        var table = Table(name);
        var program = SeccompFilter.Build(table);
        for (uint number = 0; number < 600; number++)
        {
            var expected = table.Denied.Values.Contains(number) ? SeccompFilter.Errno | SeccompFilter.Eperm
                : number == table.Clone3 ? SeccompFilter.Errno | SeccompFilter.Enosys
                : number == table.Socket || number == table.SocketPair ? SeccompFilter.Errno | SeccompFilter.Eafnosupport
                : SeccompFilter.Allow;
            Run(program, table.AuditArch, number, 0, 0).ShouldBe(expected, $"call {number}");
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Arguments_decide_for_clone_socket_and_ioctl(string name)
    {
        var table = Table(name);
        var program = SeccompFilter.Build(table);
        const uint Eperm = SeccompFilter.Errno | SeccompFilter.Eperm, Family = SeccompFilter.Errno | SeccompFilter.Eafnosupport;

        // What a thread and a fork use.
        Run(program, table.AuditArch, table.Clone, 0x3D0F00, 0).ShouldBe(SeccompFilter.Allow);
        Run(program, table.AuditArch, table.Clone, 0x1200011, 0).ShouldBe(SeccompFilter.Allow);
        foreach (var flag in (uint[])[0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
        {
            Run(program, table.AuditArch, table.Clone, flag | 17, 0).ShouldBe(Eperm);
        }
        for (uint family = 0; family < 64; family++)
        {
            var expected = family is 1 or 2 or 10 ? SeccompFilter.Allow : Family;
            Run(program, table.AuditArch, table.Socket, family, 0).ShouldBe(expected);
            Run(program, table.AuditArch, table.SocketPair, family, 0).ShouldBe(expected);
        }
        Run(program, table.AuditArch, table.Ioctl, 0, 0x5412).ShouldBe(Eperm);
        Run(program, table.AuditArch, table.Ioctl, 0, 0x541C).ShouldBe(Eperm);
        Run(program, table.AuditArch, table.Ioctl, 0, 0x5401).ShouldBe(SeccompFilter.Allow);
    }

    [Fact]
    public void Foreign_architectures_are_killed_and_x32_calls_unknown()
    {
        var x64 = SeccompFilter.Build(SyscallTable.X64);
        Run(x64, 0x40000003, 1, 0, 0).ShouldBe(SeccompFilter.KillProcess); // i386
        Run(x64, SyscallTable.Arm64.AuditArch, 1, 0, 0).ShouldBe(SeccompFilter.KillProcess);
        Run(x64, SyscallTable.X64.AuditArch, 0x40000000 + 101, 0, 0).ShouldBe(SeccompFilter.Errno | SeccompFilter.Enosys);
        Run(SeccompFilter.Build(SyscallTable.Arm64), SyscallTable.X64.AuditArch, 1, 0, 0).ShouldBe(SeccompFilter.KillProcess);
    }

    private static uint Run(byte[] program, uint arch, uint number, uint first, uint second)
    {
        (program.Length % 8).ShouldBe(0);
        uint accumulator = 0;
        for (var pc = 0; pc < program.Length / 8; pc++)
        {
            var at = program.AsSpan(pc * 8, 8);
            var (code, jt, jf, k) = (BinaryPrimitives.ReadUInt16LittleEndian(at), at[2], at[3], BinaryPrimitives.ReadUInt32LittleEndian(at[4..]));
            switch (code)
            {
                case 0x20:
                    accumulator = k switch { 0 => number, 4 => arch, 16 => first, 24 => second, _ => throw new InvalidOperationException($"load {k}") };
                    break;
                case 0x15: pc += accumulator == k ? jt : jf; break;
                case 0x35: pc += accumulator >= k ? jt : jf; break;
                case 0x45: pc += (accumulator & k) != 0 ? jt : jf; break;
                case 0x06: return k;
                default: throw new InvalidOperationException($"code {code}");
            }
        }
        throw new InvalidOperationException("The program ran off its end.");
    }
}
