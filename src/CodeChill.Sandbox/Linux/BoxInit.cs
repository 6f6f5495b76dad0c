using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// The first process of a box: starts the program, collects what the kernel hands to it, and ends with the program's exit code (128 + n for signal n), with which the kernel ends
/// whatever is left in the box. bubblewrap has such a process of its own, a copy of itself; on machines where page tables are dear (virtual ones) that copy and its own
/// copy of the filter are a fifth of a box's cost. This one has a hundred bytes of code, no library and no memory of its own.
/// <para>Command line: <c>/.init MARK PROGRAM ARGUMENT…</c>; the program is started by path. Ends with 127 when it cannot be started, 126 when there may be no process.</para>
/// </summary>
internal static class BoxInit
{
    /// <summary>Where it is in the box.</summary>
    public const string Path = "/.init";

    private const int HeaderBytes = 64, SegmentBytes = 56;
    private const ulong LoadAddress = 0x400000;

    // Stack at the start: argc, argv[0], argv[1], …, 0, environment.
    private static readonly byte[] s_x64 =
    [
        0x48, 0x89, 0xE3,                   //         mov  rbx, rsp
        0xB8, 58, 0, 0, 0,                  //         mov  eax, SYS_vfork
        0x0F, 0x05,                         //         syscall
        0x85, 0xC0,                         //         test eax, eax
        0x75, 30,                           //         jnz  parent
        0x48, 0x8B, 0x7B, 24,               //         mov  rdi, [rbx+24]        argv[2]
        0x48, 0x8D, 0x73, 24,               //         lea  rsi, [rbx+24]        argv+2
        0x48, 0x8B, 0x03,                   //         mov  rax, [rbx]           argc
        0x48, 0x8D, 0x54, 0xC3, 16,         //         lea  rdx, [rbx+rax*8+16]  environment
        0xB8, 59, 0, 0, 0,                  //         mov  eax, SYS_execve
        0x0F, 0x05,                         //         syscall
        0xBF, 127, 0, 0, 0,                 //         mov  edi, 127
        0xEB, 60,                           //         jmp  exit
        0x78, 32,                           // parent: js   fail
        0x89, 0xC5,                         //         mov  ebp, eax
        0x48, 0x83, 0xCF, 0xFF,             // next:   or   rdi, -1
        0x48, 0x8D, 0x74, 0x24, 0xF0,       //         lea  rsi, [rsp-16]        status
        0x31, 0xD2,                         //         xor  edx, edx
        0x45, 0x31, 0xD2,                   //         xor  r10d, r10d
        0xB8, 61, 0, 0, 0,                  //         mov  eax, SYS_wait4
        0x0F, 0x05,                         //         syscall
        0x39, 0xC5,                         //         cmp  ebp, eax
        0x74, 12,                           //         je   done
        0x83, 0xF8, 0xF6,                   //         cmp  eax, -ECHILD
        0x75, 0xE2,                         //         jne  next
        0xBF, 126, 0, 0, 0,                 // fail:   mov  edi, 126
        0xEB, 19,                           //         jmp  exit
        0x8B, 0x44, 0x24, 0xF0,             // done:   mov  eax, [rsp-16]
        0x89, 0xC7,                         //         mov  edi, eax
        0x83, 0xE7, 0x7F,                   //         and  edi, 0x7f
        0x75, 5,                            //         jnz  signal
        0x0F, 0xB6, 0xFC,                   //         movzx edi, ah
        0xEB, 3,                            //         jmp  exit
        0x83, 0xEF, 0x80,                   // signal: sub  edi, -128
        0xB8, 231, 0, 0, 0,                 // exit:   mov  eax, SYS_exit_group
        0x0F, 0x05,                         //         syscall
    ];

    /// <summary>The program file, or null on machines it is not written for: bubblewrap's own process then does the same.</summary>
    public static byte[]? Current { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 && BitConverter.IsLittleEndian ? Elf(s_x64, machine: 62) : null;

    /// <summary>A static executable with one segment that is readable and executable, and a stack that is not.</summary>
    private static byte[] Elf(ReadOnlySpan<byte> code, ushort machine)
    {
        const int Segments = 2;
        const int Start = HeaderBytes + (Segments * SegmentBytes);
        var file = new byte[Start + code.Length];
        code.CopyTo(file.AsSpan(Start));
        ((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(file); // 64 bits, little endian, version 1
        U16(16, 2); // executable
        U16(18, machine);
        U32(20, 1);
        U64(24, LoadAddress + Start); // entry
        U64(32, HeaderBytes); // where the segments are described
        U16(52, HeaderBytes);
        U16(54, SegmentBytes);
        U16(56, Segments);
        Segment(HeaderBytes, type: 1, flags: 5, (ulong)file.Length); // PT_LOAD
        Segment(HeaderBytes + SegmentBytes, type: 0x6474E551, flags: 6, 0); // PT_GNU_STACK
        return file;

        void Segment(int at, uint type, uint flags, ulong length)
        {
            U32(at, type);
            U32(at + 4, flags);
            U64(at + 16, type == 1 ? LoadAddress : 0);
            U64(at + 24, type == 1 ? LoadAddress : 0);
            U64(at + 32, length);
            U64(at + 40, length);
            U64(at + 48, type == 1 ? 4096UL : 16);
        }

        void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }
}
