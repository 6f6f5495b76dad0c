using System.Runtime.InteropServices;

namespace CodeChill.Sandbox.Linux;

/// <summary>System call numbers of one processor architecture, as far as the filter names them.</summary>
internal sealed class SyscallTable
{
    public required uint AuditArch { get; init; }

    /// <summary>Numbers from here on belong to a second call table of the same architecture (x32); 0 when there is none.</summary>
    public uint ForeignFrom { get; init; }

    public required uint Clone { get; init; }

    public uint Clone3 { get; init; } = 435;

    public required uint Socket { get; init; }

    public required uint SocketPair { get; init; }

    public required uint Ioctl { get; init; }

    /// <summary>Calls no program in a box needs: they reach other processes, mounts, kernel configuration or rarely used, bug-rich subsystems.</summary>
    public required IReadOnlyDictionary<string, uint> Denied { get; init; }

    /// <summary>Calls that came after the architectures agreed on numbers.</summary>
    private static readonly (string Name, uint Number)[] s_common =
    [
        ("io_uring_setup", 425), ("io_uring_enter", 426), ("io_uring_register", 427),
        ("open_tree", 428), ("move_mount", 429), ("fsopen", 430), ("fsconfig", 431), ("fsmount", 432), ("fspick", 433),
        ("pidfd_getfd", 438), ("process_madvise", 440), ("mount_setattr", 442), ("quotactl_fd", 443), ("memfd_secret", 447),
        ("process_mrelease", 448), ("set_mempolicy_home_node", 450), ("statmount", 457), ("listmount", 458), ("open_tree_attr", 467),
    ];

    public static SyscallTable X64 { get; } = new()
    {
        AuditArch = 0xC000003E,
        ForeignFrom = 0x40000000,
        Clone = 56,
        Socket = 41,
        SocketPair = 53,
        Ioctl = 16,
        Denied = Table(
            ("ptrace", 101), ("syslog", 103), ("uselib", 134), ("vhangup", 153), ("modify_ldt", 154), ("pivot_root", 155), ("_sysctl", 156),
            ("adjtimex", 159), ("chroot", 161), ("acct", 163), ("settimeofday", 164), ("mount", 165), ("umount2", 166), ("swapon", 167),
            ("swapoff", 168), ("reboot", 169), ("sethostname", 170), ("setdomainname", 171), ("iopl", 172), ("ioperm", 173),
            ("create_module", 174), ("init_module", 175), ("delete_module", 176), ("get_kernel_syms", 177), ("query_module", 178),
            ("quotactl", 179), ("nfsservctl", 180), ("lookup_dcookie", 212), ("clock_settime", 227), ("mbind", 237), ("set_mempolicy", 238),
            ("kexec_load", 246), ("add_key", 248), ("request_key", 249), ("keyctl", 250), ("migrate_pages", 256), ("unshare", 272),
            ("move_pages", 279), ("perf_event_open", 298), ("fanotify_init", 300), ("fanotify_mark", 301), ("name_to_handle_at", 303),
            ("open_by_handle_at", 304), ("clock_adjtime", 305), ("setns", 308), ("process_vm_readv", 310), ("process_vm_writev", 311),
            ("kcmp", 312), ("finit_module", 313), ("kexec_file_load", 320), ("bpf", 321), ("userfaultfd", 323)),
    };

    public static SyscallTable Arm64 { get; } = new()
    {
        AuditArch = 0xC00000B7,
        Clone = 220,
        Socket = 198,
        SocketPair = 199,
        Ioctl = 29,
        Denied = Table(
            ("lookup_dcookie", 18), ("umount2", 39), ("mount", 40), ("pivot_root", 41), ("nfsservctl", 42), ("chroot", 51), ("vhangup", 58),
            ("quotactl", 60), ("acct", 89), ("unshare", 97), ("kexec_load", 104), ("init_module", 105), ("delete_module", 106),
            ("clock_settime", 112), ("syslog", 116), ("ptrace", 117), ("reboot", 142), ("sethostname", 161), ("setdomainname", 162),
            ("settimeofday", 170), ("adjtimex", 171), ("add_key", 217), ("request_key", 218), ("keyctl", 219), ("swapon", 224), ("swapoff", 225),
            ("mbind", 235), ("set_mempolicy", 237), ("migrate_pages", 238), ("move_pages", 239), ("perf_event_open", 241),
            ("fanotify_init", 262), ("fanotify_mark", 263), ("name_to_handle_at", 264), ("open_by_handle_at", 265), ("clock_adjtime", 266),
            ("setns", 268), ("process_vm_readv", 270), ("process_vm_writev", 271), ("kcmp", 272), ("finit_module", 273), ("bpf", 280),
            ("userfaultfd", 282), ("kexec_file_load", 294)),
    };

    /// <summary>The table of this machine, or null: then nothing may be run.</summary>
    public static SyscallTable? Current => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        _ => null,
    };

    private static Dictionary<string, uint> Table(params (string Name, uint Number)[] own)
    {
        var table = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var (name, number) in own) table.Add(name, number);
        foreach (var (name, number) in s_common) table.Add(name, number);
        return table;
    }
}
