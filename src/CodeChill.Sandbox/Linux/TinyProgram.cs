using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CodeChill.Sandbox.Linux;

/// <summary>Programs of a hundred bytes of machine code that run inside boxes: no library, no memory of their own.</summary>
internal static class TinyProgram
{
    private const int HeaderBytes = 64, SegmentBytes = 56;
    private const ulong LoadAddress = 0x400000;

    /// <summary>Whether this machine runs what is written here.</summary>
    public static bool Runs => RuntimeInformation.ProcessArchitecture == Architecture.X64 && BitConverter.IsLittleEndian;

    /// <summary>A static executable with one segment that is readable and executable, and a stack that is not.</summary>
    public static byte[] Elf(ReadOnlySpan<byte> code)
    {
        const int Segments = 2;
        const int Start = HeaderBytes + (Segments * SegmentBytes);
        var file = new byte[Start + code.Length];
        code.CopyTo(file.AsSpan(Start));
        ((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(file); // 64 bits, little endian, version 1
        U16(16, 2); // executable
        U16(18, 62); // x86-64
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
