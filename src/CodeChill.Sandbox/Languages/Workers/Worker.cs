// A compiler that waits in a box for its work: csc in a process where it has compiled a sample already. Says 'R' when it is ready; then reads jobs (length, source) from
// standard input and answers each with csc's exit code, what it said, and the program: each a length (big-endian, 4 bytes) and bytes.
using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;

const string Roslyn = "/opt/roslyn/";
AssemblyLoadContext.Default.Resolving += (context, name) => File.Exists(Roslyn + name.Name + ".dll") ? context.LoadFromAssemblyPath(Roslyn + name.Name + ".dll") : null;
var csc = AssemblyLoadContext.Default.LoadFromAssemblyPath(Roslyn + "csc.dll").EntryPoint!;
using var input = Console.OpenStandardInput();
using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);

for (var i = int.Parse(args[0]); i > 0; i--) Compile(Encoding.UTF8.GetBytes(args[1].Replace("COUNT", i.ToString())));
output.WriteByte((byte)'R');
output.Flush();
var length = new byte[4];
while (input.ReadAtLeast(length, 4, throwOnEndOfStream: false) == 4)
{
    var source = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
    input.ReadExactly(source);
    var (code, text) = Compile(source);
    Send(code);
    SendBytes(Encoding.UTF8.GetBytes(text));
    SendBytes(code == 0 ? File.ReadAllBytes("app.dll") : []);
    output.Flush();
}

(int Code, string Text) Compile(byte[] source)
{
    File.Delete("app.dll");
    File.WriteAllBytes("Main.cs", source);
    var text = new StringWriter();
    Console.SetOut(text);
    var arguments = new[] { "-noconfig", "-nologo", "@/box/.refs.rsp", "-optimize+", "-debug:embedded", "-nullable:enable", "-out:app.dll", ".usings.cs", "Main.cs" };
    return ((int)csc.Invoke(null, [arguments])!, text.ToString());
}

void Send(int number)
{
    BinaryPrimitives.WriteInt32BigEndian(length, number);
    output.Write(length);
}

void SendBytes(byte[] bytes)
{
    Send(bytes.Length);
    output.Write(bytes);
}
