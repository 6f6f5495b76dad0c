import java.io.*;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/**
 * A compiler that waits in a box for its work. Says 'R' when it has compiled a sample and is as fast as it gets; then reads jobs (length, source) from standard input
 * and answers each with the compiler's exit code, what it said, and the compiled classes as a tar archive: each a length (big-endian, 4 bytes) and bytes.
 */
final class Worker {
    private static Method kotlin;
    private static Class<?> kotlinType;
    private static Path file;

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
        System.setOut(System.err);
        file = Path.of(args[1]);
        if (args[0].equals("kotlin")) {
            kotlinType = Class.forName("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler");
            kotlin = kotlinType.getMethod("exec", PrintStream.class, String[].class);
        }
        for (int i = Integer.parseInt(args[2]); i > 0; i--) {
            compile(args[3].replace("COUNT", "" + i).getBytes(StandardCharsets.UTF_8));
            tar();
        }
        out.writeByte('R');
        out.flush();
        while (true) {
            int length;
            try {
                length = in.readInt();
            } catch (EOFException end) {
                return;
            }
            Object[] result = compile(in.readNBytes(length));
            out.writeInt((Integer) result[0]);
            send(out, (byte[]) result[1]);
            send(out, (Integer) result[0] == 0 ? tar() : new byte[0]);
            out.flush();
        }
    }

    private static Object[] compile(byte[] source) throws Exception {
        Path classes = Path.of("out");
        if (Files.exists(classes)) {
            try (var paths = Files.walk(classes)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
            }
        }
        Files.createDirectory(classes);
        Files.write(file, source);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int code;
        try (PrintStream messages = new PrintStream(text, false, StandardCharsets.UTF_8)) {
            code = kotlin == null ? java(messages) : kotlin(messages);
        }
        return new Object[] { code, text.toByteArray() };
    }

    private static int java(PrintStream messages) {
        return javax.tools.ToolProvider.getSystemJavaCompiler().run(null, messages, messages, "-proc:none", "-encoding", "UTF-8", "-d", "out", file.toString());
    }

    private static int kotlin(PrintStream messages) throws Exception {
        String[] arguments = { "-no-stdlib", "-no-reflect", "-nowarn", "-cp", "/opt/kotlin/lib/kotlin-stdlib.jar", "-d", "out", file.toString() };
        Object code = kotlin.invoke(kotlinType.getDeclaredConstructor().newInstance(), messages, arguments);
        return (Integer) code.getClass().getMethod("getCode").invoke(code);
    }

    private static byte[] tar() throws Exception {
        Process process = new ProcessBuilder("tar", "cf", "-", "out").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        byte[] bytes = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) throw new IOException("tar failed");
        return bytes;
    }

    private static void send(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
