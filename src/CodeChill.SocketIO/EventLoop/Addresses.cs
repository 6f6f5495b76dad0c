using System.Buffers.Binary;
using System.Net;

namespace CodeChill.SocketIO.EventLoop;

internal static class Addresses
{
    private const int Ip4 = 2, Ip6 = 10;

    /// <summary>A sockaddr; null for families other than IP.</summary>
    public static IPEndPoint? Parse(ReadOnlySpan<byte> address)
    {
        if (address.Length < 8) return null;
        int family = BitConverter.ToUInt16(address);
        int port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return family switch
        {
            Ip4 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            Ip6 when address.Length >= 28 => new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), port),
            _ => null,
        };
    }
}
