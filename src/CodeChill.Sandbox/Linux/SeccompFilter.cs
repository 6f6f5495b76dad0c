using System.Buffers.Binary;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// Writes the classic BPF program that bubblewrap loads with <c>--seccomp</c>: an array of <c>struct sock_filter</c>
/// (u16 code, u8 jump-if-true, u8 jump-if-false, u32 operand). A list of refusals rather than of permissions, so that thirteen
/// toolchains and their next versions run; the namespaces, the read-only root and the missing capabilities are the wall, this is the second one.
/// </summary>
internal static class SeccompFilter
{
    public const uint Allow = 0x7FFF0000, KillProcess = 0x80000000, Errno = 0x00050000;
    public const uint Eperm = 1, Enosys = 38, Eafnosupport = 97;

    /// <summary>CLONE_NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWNS.</summary>
    private const uint NewNamespaces = 0x7E020000;

    private const uint Tiocsti = 0x5412, Tioclinux = 0x541C;
    private const uint NumberOffset = 0, ArchOffset = 4, FirstArgument = 16, SecondArgument = 24;
    private const ushort Load = 0x20, JumpEqual = 0x15, JumpGreaterOrEqual = 0x35, JumpAnyBit = 0x45, Return = 0x06;

    public static byte[] Build(SyscallTable table)
    {
        var program = new List<byte>(2048);

        Emit(Load, ArchOffset);
        Emit(JumpEqual, table.AuditArch, 1, 0);
        Emit(Return, KillProcess);

        Emit(Load, NumberOffset);
        if (table.ForeignFrom != 0)
        {
            Emit(JumpGreaterOrEqual, table.ForeignFrom, 0, 1);
            Emit(Return, Errno | Enosys);
        }

        foreach (var number in table.Denied.Values)
        {
            Emit(JumpEqual, number, 0, 1);
            Emit(Return, Errno | Eperm);
        }

        // The C library falls back to clone when clone3 is unknown; its flags sit behind a pointer, where a filter cannot look.
        Emit(JumpEqual, table.Clone3, 0, 1);
        Emit(Return, Errno | Enosys);

        Emit(JumpEqual, table.Clone, 0, 4);
        Emit(Load, FirstArgument);
        Emit(JumpAnyBit, NewNamespaces, 0, 1);
        Emit(Return, Errno | Eperm);
        Emit(Return, Allow);

        // Only unix, IPv4 and IPv6 sockets: AF_VSOCK is not covered by network namespaces, the others are just attack surface.
        Emit(JumpEqual, table.Socket, 1, 0);
        Emit(JumpEqual, table.SocketPair, 0, 6);
        Emit(Load, FirstArgument);
        Emit(JumpEqual, 1, 3, 0);
        Emit(JumpEqual, 2, 2, 0);
        Emit(JumpEqual, 10, 1, 0);
        Emit(Return, Errno | Eafnosupport);
        Emit(Return, Allow);

        Emit(JumpEqual, table.Ioctl, 0, 5);
        Emit(Load, SecondArgument);
        Emit(JumpEqual, Tiocsti, 1, 0);
        Emit(JumpEqual, Tioclinux, 0, 1);
        Emit(Return, Errno | Eperm);
        Emit(Return, Allow);

        Emit(Return, Allow);
        return [.. program];

        void Emit(ushort code, uint operand, byte ifTrue = 0, byte ifFalse = 0)
        {
            Span<byte> instruction = stackalloc byte[8];
            BinaryPrimitives.WriteUInt16LittleEndian(instruction, code);
            instruction[2] = ifTrue;
            instruction[3] = ifFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(instruction[4..], operand);
            program.AddRange(instruction);
        }
    }
}
