using System.Net;
using System.Net.Sockets;

namespace CodeChill.Sandbox.Tests;

public sealed class IsolationTests(SandboxFixture sandbox)
{
    private async Task<string> PythonAsync(string source, RunLimits? limits = null)
    {
        var result = await sandbox.RunAsync("python", source, limits);
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        return result.Stdout.TrimEnd('\n');
    }

    [Fact]
    public async Task Environment_holds_only_what_the_sandbox_sets()
    {
        Environment.SetEnvironmentVariable("CODECHILL_TEST_SECRET", "planted-secret");
        var names = (await PythonAsync("import os\nfor k in sorted(os.environ): print(k)")).Split('\n');
        names.ShouldBeSubsetOf(["HOME", "LANG", "PATH", "PWD", "TMPDIR", "LC_CTYPE"]);
    }

    [Fact]
    public async Task Environments_and_command_lines_of_all_visible_processes_show_no_secret_and_no_host_path()
    {
        Environment.SetEnvironmentVariable("CODECHILL_TEST_SECRET", "planted-secret");
        var text = await PythonAsync("""
            import os
            for p in os.listdir('/proc'):
                if p.isdigit():
                    for f in ('environ', 'cmdline'):
                        try: print(p, f, open(f'/proc/{p}/{f}', 'rb').read())
                        except OSError as e: print(p, f, e)
            """);
        if (CodeChill.Sandbox.Linux.BoxInit.Current is not null)
        {
            text.ShouldMatch(@"1 cmdline b'/.init\\x00box-[0-9a-f]{16}\\x00(/usr/bin/prlimit\\x00--nproc=[0-9]+\\x00--\\x00)?(/\.gate\\x00[0-9]+\\x00r/box/main\.py\\x00)?(/usr/bin/)?python3\\x00");
            text.ShouldMatch(@"1 environ b'PATH=[^=]*\\x00HOME=/tmp\\x00TMPDIR=/tmp\\x00LANG=C.UTF-8\\x00PWD=/box\\x00'");
        }
        else
        {
            text.ShouldContain("1 environ b''");
            text.ShouldMatch(@"1 cmdline b'/usr/bin/bwrap\\x00--setenv\\x00BOX\\x00box-[0-9a-f]{16}\\x00--args\\x00[0-9]+\\x00--\\x00");
        }
        text.ShouldNotContain("BOX=");
        (await PythonAsync("import os, socket; print(socket.gethostname(), 'BOX' in os.environ)")).ShouldBe("box False");
        text.ShouldNotContain("secret");
        text.ShouldNotContain("/work");
        text.ShouldNotContain(Environment.CurrentDirectory);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/etc/shadow")]
    [InlineData("/etc/resolv.conf")]
    [InlineData("/etc/hostname")]
    [InlineData("/root")]
    [InlineData("/home")]
    [InlineData("/var")]
    [InlineData("/run")]
    [InlineData("/sys")]
    [InlineData("/proc/1/root/etc/passwd")]
    [InlineData("/dev/kmsg")]
    [InlineData("/dev/mem")]
    [InlineData("/dev/kvm")]
    public async Task Host_path_is_absent(string path) =>
        (await PythonAsync($"import os\ntry:\n  os.lstat('{path}'); print('there')\nexcept (FileNotFoundError, PermissionError) as e: print('absent')")).ShouldBe("absent");

    [Theory]
    [InlineData("/probe")]
    [InlineData("/usr/probe")]
    [InlineData("/usr/bin/python3")]
    [InlineData("/etc/probe")]
    [InlineData("/etc/ld.so.cache")]
    [InlineData("/dev/probe")]
    [InlineData("/proc/sys/kernel/core_pattern")]
    [InlineData("/proc/sysrq-trigger")]
    public async Task Path_is_not_writable(string path) =>
        (await PythonAsync($"try:\n  open('{path}', 'ab').write(b'x'); print('written')\nexcept OSError as e: print('refused')")).ShouldBe("refused");

    [Fact]
    public async Task Servers_on_the_hosts_loopback_are_out_of_reach()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var text = await PythonAsync($"""
            import socket
            for family, address in ((socket.AF_INET, ('127.0.0.1', {port})), (socket.AF_INET, ('169.254.169.254', 80)), (socket.AF_INET, ('10.0.0.1', 80)), (socket.AF_INET6, ('::1', {port}))):
                s = socket.socket(family); s.settimeout(2)
                try: s.connect(address); print('connected', address)
                except OSError: print('refused')
            print([l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l])
            """);
        text.ShouldBe("refused\nrefused\nrefused\nrefused\n['lo']");
        listener.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task Only_unix_and_internet_sockets_can_be_made()
    {
        // AF_UNIX, INET, INET6 pass; NETLINK, PACKET, ALG, BLUETOOTH, VSOCK, and a raw socket do not.
        var text = await PythonAsync("""
            import socket, errno
            for family, kind, protocol in ((1, 1, 0), (2, 1, 0), (10, 1, 0), (16, 3, 0), (17, 3, 0), (38, 5, 0), (31, 3, 0), (40, 1, 0), (2, 3, 1)):
                try: socket.socket(family, kind, protocol).close(); print(family, 'ok')
                except OSError as e: print(family, errno.errorcode[e.errno])
            """);
        text.ShouldBe("1 ok\n2 ok\n10 ok\n16 EAFNOSUPPORT\n17 EAFNOSUPPORT\n38 EAFNOSUPPORT\n31 EAFNOSUPPORT\n40 EAFNOSUPPORT\n2 EPERM");
    }

    [Fact]
    public async Task Denied_system_calls_answer_eperm_and_clone3_enosys()
    {
        var denied = CodeChill.Sandbox.Linux.SyscallTable.Current!.Denied;
        var text = await PythonAsync($"""
            import ctypes, errno
            libc = ctypes.CDLL(None, use_errno=True)
            for name, number in ({string.Join(", ", denied.Select(d => $"('{d.Key}', {d.Value})"))}, ('clone3', 435), ('x32 getpid', 0x40000027)):
                r = libc.syscall(number, 0, 0, 0, 0, 0, 0)
                print(name, errno.errorcode.get(ctypes.get_errno()) if r == -1 else 'allowed')
            """);
        var lines = text.Split('\n');
        lines.Length.ShouldBe(denied.Count + 2);
        foreach (var name in denied.Keys) lines.ShouldContain(name + " EPERM");
        lines.ShouldContain("clone3 ENOSYS");
        lines.ShouldContain("x32 getpid ENOSYS");
    }

    [Fact]
    public async Task Only_the_three_standard_descriptors_are_open()
    {
        // A descriptor a careless library opened without close-on-exec: it must not reach the box.
        using var file = File.OpenHandle("/dev/null");
        var text = await PythonAsync("import os\nfor fd in sorted(map(int, os.listdir('/proc/self/fd'))):\n  try: print(fd, os.readlink(f'/proc/self/fd/{fd}').split(':')[0])\n  except OSError: pass");
        text.ShouldBe("0 pipe\n1 pipe\n2 pipe");
        (await PythonAsync("import os\nprint(*sorted(os.readlink(f'/proc/1/fd/{fd}').split(':')[0] for fd in os.listdir('/proc/1/fd')))")).ShouldBe("pipe pipe pipe");
    }

    [Fact]
    public async Task Program_has_no_privilege()
    {
        var status = await PythonAsync("import os\nprint(os.getuid(), os.getgid(), os.getgroups())\nprint(open('/proc/self/status').read())");
        status.ShouldStartWith("1000 1000 ");
        foreach (var line in (string[])["CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"])
        {
            status.ShouldContain(line);
        }
    }

    [Theory]
    [InlineData("/box", 64)]
    [InlineData("/tmp", 128)]
    [InlineData("/dev/shm", 16)]
    public async Task Writable_places_are_bounded(string path, int megabytes)
    {
        var text = await PythonAsync($"""
            import os
            n = 0
            try:
                while n < 400:
                    os.write(os.open(f'{path}/{"{n}"}', os.O_CREAT | os.O_WRONLY), b'x' * (1 << 20)); n += 1
            except OSError as e: print(e.errno)
            print(n)
            """, SandboxFixture.Patient with { MemoryBytes = 512L << 20 });
        var lines = text.Split('\n');
        lines[0].ShouldBe("28"); // ENOSPC
        int.Parse(lines[1]).ShouldBeInRange(megabytes - 1, megabytes);
    }

    [Fact]
    public async Task Daemon_left_behind_dies_with_its_run()
    {
        var marker = $"left-behind-{Guid.NewGuid():N}";
        var result = await sandbox.RunAsync("python", $"""
            import os, signal, sys, time
            if os.fork() == 0:
                os.setsid()
                for s in range(1, 65):
                    try: signal.signal(s, signal.SIG_IGN)
                    except (OSError, ValueError): pass
                if os.fork() == 0:
                    os.execv('/usr/bin/python3', ['{marker}', '-c', 'import time; time.sleep(60)'])
                os._exit(0)
            time.sleep(0.3)
            print('main ends')
            """);
        result.Status.ShouldBe(RunStatus.Success);
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(40));
        HostState.CommandLines().ShouldNotContain(c => c.Contains(marker));
    }

    [Fact]
    public async Task Fork_bomb_is_held()
    {
        var result = await sandbox.RunAsync("python", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", new() { Wall = TimeSpan.FromSeconds(2), Processes = 32 });
        result.Status.ShouldBe(RunStatus.TimeLimit);
    }

    [Fact]
    public async Task Killing_everything_hits_only_the_run_itself()
    {
        var result = await sandbox.RunAsync("python", "import os\nfor s in (9, 15, 19):\n  os.kill(1, s)\nprint('init lives', flush=True)\nos.kill(-1, 9)\nos.kill(os.getppid(), 9)\nprint('alone')");
        result.Stdout.ShouldStartWith("init lives\n");
        Environment.ProcessId.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Run_stopped_by_its_own_signal_still_meets_the_wall_limit()
    {
        var result = await sandbox.RunAsync("python", "import os, signal; os.kill(0, signal.SIGSTOP)", new() { Wall = TimeSpan.FromSeconds(1) });
        result.Status.ShouldBe(RunStatus.TimeLimit);
    }

    [Fact]
    public async Task Files_of_one_run_are_not_seen_by_the_next()
    {
        await PythonAsync("for d in ('/tmp', '/box', '/dev/shm'): open(d + '/trace', 'w').write('x')");
        (await PythonAsync("import os\nprint([os.listdir(d) for d in ('/tmp', '/box', '/dev/shm')])")).ShouldBe("[[], ['main.py'], []]");
    }

    [Fact]
    public async Task Memory_cannot_be_locked_and_priority_not_raised()
    {
        var text = await PythonAsync("""
            import ctypes, os
            libc = ctypes.CDLL(None)
            print(libc.mlockall(3))
            for f in (lambda: os.nice(-5), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)), lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000')):
                try: f(); print('done')
                except OSError: print('refused')
            """);
        text.ShouldBe("-1\nrefused\nrefused\nrefused");
    }
}
