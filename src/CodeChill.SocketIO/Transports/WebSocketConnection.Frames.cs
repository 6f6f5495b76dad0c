using System.Buffers;
using System.Text.Unicode;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Transports;

/// <summary>Received frames: put together, checked, handed up.</summary>
internal sealed partial class WebSocketConnection
{
    /// <summary>Handles all complete frames. False ends the connection.</summary>
    private bool Process(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> head = stackalloc byte[14];
        while (!_broken)
        {
            scoped var first = buffer.FirstSpan;
            if (first.Length < 14 && buffer.Length > first.Length)
            {
                int length = (int)Math.Min(14, buffer.Length);
                buffer.Slice(0, length).CopyTo(head);
                first = head[..length];
            }

            if (!WebSocketFraming.TryReadHeader(first, _deflateThreshold is not null, out var header, out int error)) return true;
            if (error != 0) return Fail(error, "invalid frame");
            if (header.IsControl)
            {
                if (buffer.Length < header.HeaderLength + header.PayloadLength) return true;
                if (!OnControl(header, Payload(buffer, header))) return false;
            }
            else
            {
                if ((header.Opcode == WebSocketOpcode.Continuation) != (_fragments > 0)) return Fail(1002, "fragment out of place");
                if (_messageLength + header.PayloadLength > _maxPayload) return Fail(1009, $"payload over {_maxPayload} bytes");
                if (_fragments >= MaxFragments) return Fail(1009, $"more than {MaxFragments} fragments");
                if (buffer.Length < header.HeaderLength + header.PayloadLength) return true;
                if (!OnData(header, Payload(buffer, header))) return true;
            }

            buffer = buffer.Slice(header.HeaderLength + header.PayloadLength);
        }

        return true;
    }

    private static ReadOnlySequence<byte> Payload(in ReadOnlySequence<byte> buffer, in FrameHeader header) =>
        buffer.Slice(header.HeaderLength, header.PayloadLength);

    private bool OnControl(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        Span<byte> data = stackalloc byte[WebSocketFraming.MaxControlPayload];
        data = data[..(int)header.PayloadLength];
        Unmask(payload, data, header.Mask);
        switch (header.Opcode)
        {
            case WebSocketOpcode.Ping:
                lock (_session.Gate)
                {
                    if (!_closing) QueueOwn(OutPacket.Control(WebSocketOpcode.Pong, data));
                }

                Pump();
                return true;
            case WebSocketOpcode.Close:
                int code = data.Length >= 2 ? (data[0] << 8) | data[1] : 0;
                if (data.Length == 1 || (data.Length >= 2 && (!WebSocketFraming.IsValidCloseCode(code) || !Utf8.IsValid(data[2..]))))
                    return Fail(1002, "invalid close frame");
                _peerClosed = true;
                // The answer repeats the code. Written before the loop ends, as nothing is written after.
                BeginClose(code);
                return false;
            default:
                return true;
        }
    }

    /// <summary>One frame of a message. False when the violation it caused has been dealt with.</summary>
    private bool OnData(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        int length = (int)header.PayloadLength;
        if (_fragments == 0)
        {
            _messageOpcode = header.Opcode;
            _messageCompressed = header.Compressed;
            ProveDelivery();
        }

        EnsureMessage(_messageLength + length);
        Unmask(payload, _message.AsSpan(_messageLength, length), header.Mask);
        _messageLength += length;
        if (!header.Final)
        {
            _fragments++;
            return true;
        }

        byte[] message = _message!;
        length = _messageLength;
        _message = null;
        _messageLength = _fragments = 0;
        try
        {
            return _messageCompressed ? OnCompressed(message.AsMemory(0, length)) : OnMessage(message.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private bool OnCompressed(ReadOnlyMemory<byte> message)
    {
        byte[]? inflated = MessageDeflate.Inflate(message, _maxPayload, out int length, out bool tooLarge);
        if (inflated is null) return Fail(tooLarge ? 1009 : 1007, tooLarge ? $"payload over {_maxPayload} bytes" : "invalid deflate data");
        try
        {
            return OnMessage(inflated.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(inflated);
        }
    }

    private bool OnMessage(ReadOnlySpan<byte> message)
    {
        if (_closing) return true;
        bool text = _messageOpcode == WebSocketOpcode.Text;
        if (text && !Utf8.IsValid(message)) return Fail(1007, "invalid UTF-8");
        if (!_active)
        {
            if (!text || !_session.ReceiveProbe(this, message)) BeginClose(0);
            return true;
        }

        if (text) _session.ReceiveText(message);
        else _session.ReceiveBinary(message);
        return true;
    }

    /// <summary>
    /// The client has sent a frame, so it has read the 101 answer and, if it speaks the protocol, the open packet. As long as nothing else
    /// went through the server's pipe, the pipe is empty and writing past it can't overtake anything.
    /// </summary>
    private void ProveDelivery()
    {
        if (_direct || _streams.Socket is null || _pipeWrites > 1) return;
        lock (_session.Gate)
        {
            if (!_writing) _direct = true;
        }
    }

    private bool Fail(int code, string description)
    {
        _broken = true;
        ReleaseMessage();
        lock (_session.Gate)
        {
            // No close handshake can follow: what comes next can't be told apart. Read on until the peer hangs up or the deadline.
            if (_peerClosed) return false;
        }

        if (_active) _session.Close(code == 1009 ? DisconnectReasons.TransportError : DisconnectReasons.ParseError, description, CloseKind.Now, code);
        else BeginClose(code);
        return true;
    }

    private void EnsureMessage(int length)
    {
        if (_message is null)
        {
            _message = ArrayPool<byte>.Shared.Rent(Math.Max(length, 16));
            return;
        }

        if (_message.Length >= length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(length, _message.Length * 2L), Math.Max(_maxPayload, length)));
        _message.AsSpan(0, _messageLength).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_message);
        _message = larger;
    }

    private void ReleaseMessage()
    {
        if (_message is not null) ArrayPool<byte>.Shared.Return(_message);
        _message = null;
        _messageLength = 0;
    }

    private static void Unmask(in ReadOnlySequence<byte> source, Span<byte> target, uint mask)
    {
        if (source.IsSingleSegment)
        {
            WebSocketFraming.Unmask(source.FirstSpan, target, mask, 0);
            return;
        }

        int at = 0;
        foreach (var segment in source)
        {
            WebSocketFraming.Unmask(segment.Span, target[at..], mask, at);
            at += segment.Length;
        }
    }
}
