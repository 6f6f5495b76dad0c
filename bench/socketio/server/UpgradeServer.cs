using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.SocketIO.Bench;

/// <summary>
/// The floor that a full server is measured against: the wire of the others, with nothing behind it. A frame is answered by its kind, an event is
/// turned into its broadcast by exchanging the name, the frame is built once and appended to each member's buffer; one write takes all that has gathered.
/// </summary>
internal sealed class UpgradeServer
{
    private readonly ConcurrentDictionary<string, Peer[]> _rooms = new();

    public static Action<WebApplication> Add()
    {
        var server = new UpgradeServer();
        return app => app.Map("/socket.io/", server.AcceptAsync);
    }

    private async Task AcceptAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = Convert.ToBase64String(
#pragma warning disable CA5350 // The WebSocket handshake is SHA-1.
            SHA1.HashData(Encoding.ASCII.GetBytes(http.Request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        var peer = new Peer(await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync());
        peer.Send(Frame("0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}"u8));
        await ReadAsync(peer);
    }

    private async Task ReadAsync(Peer peer)
    {
        byte[] buffer = new byte[4096];
        int filled = 0;
        try
        {
            while (true)
            {
                int read = await peer.Stream.ReadAsync(buffer.AsMemory(filled));
                if (read == 0) return;
                filled += read;
                int used = Handle(peer, buffer.AsSpan(0, filled));
                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The peer has gone.
        }
    }

    private int Handle(Peer peer, Span<byte> data)
    {
        int at = 0;
        while (data.Length - at >= 6)
        {
            int length = data[at + 1] & 127, head = 6;
            if (length == 126)
            {
                if (data.Length - at < 8) break;
                length = (data[at + 2] << 8) | data[at + 3];
                head = 8;
            }

            if (data.Length - at < head + length) break;
            var payload = data.Slice(at + head, length);
            var mask = data.Slice(at + head - 4, 4);
            for (int i = 0; i < length; i++) payload[i] ^= mask[i & 3];
            OnFrame(peer, payload);
            at += head + length;
        }

        return at;
    }

    private void OnFrame(Peer peer, ReadOnlySpan<byte> payload)
    {
        var change = "42[\"code_change\""u8;
        if (payload.StartsWith(change))
        {
            byte[] frame = Frame("42[\"code_updated\""u8, payload[change.Length..]);
            foreach (var member in peer.Room)
            {
                if (!ReferenceEquals(member, peer)) member.Send(frame);
            }
        }
        else if (payload.StartsWith("42[\"join_room\""u8))
        {
            string text = Encoding.UTF8.GetString(payload);
            int start = text.IndexOf("\"room\":\"", StringComparison.Ordinal) + 8;
            string room = text[start..text.IndexOf('"', start)];
            foreach (var member in _rooms.AddOrUpdate(room, [peer], (_, members) => [.. members, peer])) member.Room = _rooms[room];
            peer.Send(Frame("42[\"room_joined\",{}]"u8));
        }
        else if (payload.StartsWith("40"u8))
        {
            peer.Send(Frame("40{\"sid\":\"y\"}"u8));
        }
    }

    private static byte[] Frame(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        int length = first.Length + second.Length, head = length < 126 ? 2 : 4;
        byte[] frame = new byte[head + length];
        frame[0] = 0x81;
        frame[1] = (byte)(head == 2 ? length : 126);
        if (head == 4)
        {
            frame[2] = (byte)(length >> 8);
            frame[3] = (byte)length;
        }

        first.CopyTo(frame.AsSpan(head));
        second.CopyTo(frame.AsSpan(head + first.Length));
        return frame;
    }

    private sealed class Peer(Stream stream) : IThreadPoolWorkItem
    {
        private readonly Lock _gate = new();
        private byte[] _waiting = [];
        private byte[] _writing = [];
        private int _length;
        private bool _busy;

        public Stream Stream => stream;

        public Peer[] Room { get; set; } = [];

        public void Send(byte[] frame)
        {
            lock (_gate)
            {
                if (_length + frame.Length > _waiting.Length) Array.Resize(ref _waiting, Math.Max(512, 2 * (_length + frame.Length)));
                frame.CopyTo(_waiting, _length);
                _length += frame.Length;
                if (_busy) return;
                _busy = true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public async void Execute()
        {
            try
            {
                while (true)
                {
                    int length;
                    lock (_gate)
                    {
                        if (_length == 0)
                        {
                            _busy = false;
                            return;
                        }

                        (_waiting, _writing) = (_writing, _waiting);
                        length = _length;
                        _length = 0;
                    }

                    await stream.WriteAsync(_writing.AsMemory(0, length));
                }
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
            {
                // The peer has gone; its read loop notices too.
            }
        }
    }
}
