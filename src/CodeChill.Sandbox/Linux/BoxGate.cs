namespace CodeChill.Sandbox.Linux;

/// <summary>
/// What a box that was set up ahead of time runs until its program is known: it says by one byte that it is there, waits at the same socket for one message with a descriptor, copies what that descriptor
/// holds to its place, and becomes the command (execve). When the other end of the socket closes, it ends, and with it the box.
/// <para>Command line: <c>/.gate SOCKET PLACE COMMAND ARGUMENT…</c>. SOCKET is a descriptor's number; PLACE a path that does not exist yet, after the letter <c>x</c> for an
/// executable file or <c>r</c> for one that is only read; the command is started by path. Ends with 127 when that cannot be started, 126 when there was nothing to copy or no room.</para>
/// </summary>
internal static class BoxGate
{
    /// <summary>Where it is in the box.</summary>
    public const string Path = "/.gate";

    // Stack at the start: argc, argv[0], argv[1], …, 0, environment. After "wait" it holds, from its top: struct msghdr (56 bytes), the control message
    // (24: length, level, type, descriptor), struct iovec (16) and the byte it points to.
    private static readonly byte[] s_x64 =
    [
        0x48, 0x89, 0xE3,                   //        mov  rbx, rsp
        0x48, 0x8B, 0x73, 16,               //        mov  rsi, [rbx+16]        argv[1]
        0x31, 0xED,                         //        xor  ebp, ebp
        0x0F, 0xB6, 0x06,                   // digit: movzx eax, byte [rsi]
        0x48, 0xFF, 0xC6,                   //        inc  rsi
        0x83, 0xE8, 0x30,                   //        sub  eax, '0'
        0x72, 7,                            //        jb   wait
        0x6B, 0xED, 10,                     //        imul ebp, ebp, 10
        0x01, 0xC5,                         //        add  ebp, eax
        0xEB, 0xEE,                         //        jmp  digit
        0x89, 0xEF,                         // wait:  mov  edi, ebp
        0x48, 0x89, 0xE6,                   //        mov  rsi, rsp             any byte
        0xBA, 1, 0, 0, 0,                   //        mov  edx, 1
        0xB8, 1, 0, 0, 0,                   //        mov  eax, SYS_write
        0x0F, 0x05,                         //        syscall
        0x6A, 0,                            //        push 0                    the byte
        0x48, 0x89, 0xE2,                   //        mov  rdx, rsp
        0x6A, 1,                            //        push 1                    iov_len
        0x52,                               //        push rdx                  iov_base
        0x48, 0x89, 0xE2,                   //        mov  rdx, rsp
        0x48, 0x83, 0xEC, 24,               //        sub  rsp, 24
        0x48, 0x89, 0xE1,                   //        mov  rcx, rsp
        0x6A, 0,                            //        push 0                    msg_flags
        0x6A, 24,                           //        push 24                   msg_controllen
        0x51,                               //        push rcx                  msg_control
        0x6A, 1,                            //        push 1                    msg_iovlen
        0x52,                               //        push rdx                  msg_iov
        0x6A, 0,                            //        push 0                    msg_namelen
        0x6A, 0,                            //        push 0                    msg_name
        0x48, 0x89, 0xE6,                   //        mov  rsi, rsp
        0x89, 0xEF,                         //        mov  edi, ebp
        0x31, 0xD2,                         //        xor  edx, edx
        0xB8, 47, 0, 0, 0,                  //        mov  eax, SYS_recvmsg
        0x0F, 0x05,                         //        syscall
        0xFF, 0xC8,                         //        dec  eax
        0x0F, 0x85, 0x8D, 0, 0, 0,          //        jnz  fail                 not one byte
        0x80, 0x7C, 0x24, 40, 0,            //        cmp  byte [rsp+40], 0     msg_controllen
        0x0F, 0x84, 0x82, 0, 0, 0,          //        je   fail                 no descriptor
        0x44, 0x8B, 0x64, 0x24, 72,         //        mov  r12d, [rsp+72]       the descriptor
        0x89, 0xEF,                         //        mov  edi, ebp
        0xB8, 3, 0, 0, 0,                   //        mov  eax, SYS_close
        0x0F, 0x05,                         //        syscall
        0x48, 0x8B, 0x7B, 24,               //        mov  rdi, [rbx+24]        argv[2]
        0xBA, 0xA4, 1, 0, 0,                //        mov  edx, 0644
        0x80, 0x3F, (byte)'x',              //        cmp  byte [rdi], 'x'
        0x75, 5,                            //        jne  open
        0xBA, 0xED, 1, 0, 0,                //        mov  edx, 0755
        0x48, 0xFF, 0xC7,                   // open:  inc  rdi
        0xBE, 0xC1, 0, 0, 0,                //        mov  esi, O_WRONLY|O_CREAT|O_EXCL
        0xB8, 2, 0, 0, 0,                   //        mov  eax, SYS_open
        0x0F, 0x05,                         //        syscall
        0x85, 0xC0,                         //        test eax, eax
        0x78, 78,                           //        js   fail
        0x89, 0xC5,                         //        mov  ebp, eax
        0x89, 0xEF,                         // copy:  mov  edi, ebp
        0x44, 0x89, 0xE6,                   //        mov  esi, r12d
        0x31, 0xD2,                         //        xor  edx, edx
        0x41, 0xBA, 0, 0xF0, 0xFF, 0x7F,    //        mov  r10d, 0x7FFFF000     as much as one call takes
        0xB8, 40, 0, 0, 0,                  //        mov  eax, SYS_sendfile
        0x0F, 0x05,                         //        syscall
        0x48, 0x85, 0xC0,                   //        test rax, rax
        0x78, 51,                           //        js   fail
        0x75, 0xE5,                         //        jnz  copy
        0x89, 0xEF,                         //        mov  edi, ebp             an open one could not be executed
        0xB8, 3, 0, 0, 0,                   //        mov  eax, SYS_close
        0x0F, 0x05,                         //        syscall
        0x44, 0x89, 0xE7,                   //        mov  edi, r12d
        0xB8, 3, 0, 0, 0,                   //        mov  eax, SYS_close
        0x0F, 0x05,                         //        syscall
        0x48, 0x8B, 0x7B, 32,               //        mov  rdi, [rbx+32]        argv[3]
        0x48, 0x8D, 0x73, 32,               //        lea  rsi, [rbx+32]        argv+3
        0x48, 0x8B, 0x03,                   //        mov  rax, [rbx]           argc
        0x48, 0x8D, 0x54, 0xC3, 16,         //        lea  rdx, [rbx+rax*8+16]  environment
        0xB8, 59, 0, 0, 0,                  //        mov  eax, SYS_execve
        0x0F, 0x05,                         //        syscall
        0xBF, 127, 0, 0, 0,                 //        mov  edi, 127
        0xEB, 5,                            //        jmp  exit
        0xBF, 126, 0, 0, 0,                 // fail:  mov  edi, 126
        0xB8, 231, 0, 0, 0,                 // exit:  mov  eax, SYS_exit_group
        0x0F, 0x05,                         //        syscall
    ];

    /// <summary>The program file; null on machines it is not written for, where no box is set up ahead of time.</summary>
    public static byte[]? Current { get; } = TinyProgram.Runs ? TinyProgram.Elf(s_x64) : null;
}
