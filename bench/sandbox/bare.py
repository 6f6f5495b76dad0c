# Runs commands without a box, in the same tree the boxes see: one JSON line in, one out with wall and processor seconds and the exit code.
import json, os, shutil, sys, time

for line in sys.stdin:
    job = json.loads(line)
    if job.get("clean"):
        for name in os.listdir("/box"):
            path = "/box/" + name
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    for path, text in job["files"].items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", **job["environment"]}
    null = os.open("/dev/null", os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    start = time.perf_counter()
    pid = os.posix_spawnp(job["command"][0], job["command"], environment, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.close(null)
    print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "code": os.waitstatus_to_exitcode(status)}), flush=True)
