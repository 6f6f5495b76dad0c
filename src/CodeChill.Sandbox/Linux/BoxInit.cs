namespace CodeChill.Sandbox.Linux;

/// <summary>
/// The first process of a box: starts the program, collects what the kernel hands to it, and ends with the program's exit code (128 + n for signal n), with which the kernel ends
/// whatever is left in the box. What the program inherits (<see cref="BoxGate"/>) it closes. bubblewrap has such a process of its own, a copy of itself; on machines where page tables are dear (virtual ones) that copy and its own
/// copy of the filter are a fifth of a box's cost. This one is a <see cref="TinyProgram"/>.
/// <para>Command line: <c>/.init MARK PROGRAM ARGUMENT…</c>; the program is started by path. Ends with 127 when it cannot be started, 126 when there may be no process.</para>
/// </summary>
internal static class BoxInit
{
    /// <summary>Where it is in the box.</summary>
    public const string Path = "/.init";

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
        0xEB, 77,                           //         jmp  exit
        0x78, 49,                           // parent: js   fail
        0x89, 0xC5,                         //         mov  ebp, eax
        0xBF, 3, 0, 0, 0,                   //         mov  edi, 3
        0x83, 0xCE, 0xFF,                   //         or   esi, -1
        0x31, 0xD2,                         //         xor  edx, edx
        0xB8, 0xB4, 1, 0, 0,                //         mov  eax, SYS_close_range
        0x0F, 0x05,                         //         syscall
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
    public static byte[]? Current { get; } = TinyProgram.Runs ? TinyProgram.Elf(s_x64) : null;
}
