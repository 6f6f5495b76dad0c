using System.Text;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// Takes what both pipes of a run bring, in order of arrival, numbers it, keeps it as text and hands it on. Output that follows closely on the last
/// delivery is gathered (a program that prints line by line unbuffered would otherwise cost one event per line). A slow receiver slows the
/// program down: nobody reads its pipe while a delivery is awaited.
/// </summary>
internal sealed class OutputSink : IAsyncDisposable
{
    private const int FlushBytes = 16 << 10;

    /// <summary>How long the last delivery may take once the run is over; a receiver that never returns must not hold a slot.</summary>
    private static readonly TimeSpan s_lastDelivery = TimeSpan.FromSeconds(2);

    private readonly Func<OutputChunk, ValueTask>? _onOutput;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly MemoryStream _pending = new();
    private readonly TextStream[] _streams = [new(), new(), new()];
    private readonly long[] _room;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _flusher;
    private OutputStream _pendingStream;
    private long _lastDelivery;
    private bool _delivered;
    private bool _abandoned;
    private int _seq;

    public OutputSink(Func<OutputChunk, ValueTask>? onOutput, long outputBytes, long compileBytes, TimeSpan interval, TimeProvider time)
    {
        _onOutput = onOutput;
        _interval = interval;
        _time = time;
        // Standard output and error share one allowance.
        _room = [outputBytes, compileBytes];
        _flusher = onOutput is null ? Task.CompletedTask : FlushLoopAsync();
    }

    public bool Truncated { get; private set; }

    /// <summary>Set when the receiver threw; the run is ended and the error thrown to the caller.</summary>
    public Exception? ReceiverError { get; private set; }

    public string Text(OutputStream stream) => _streams[(int)stream].Text.ToString();

    /// <summary>False when the bytes did not fit (what fits is kept) or the receiver failed: the run must end.</summary>
    public async ValueTask<bool> AddAsync(OutputStream stream, ReadOnlyMemory<byte> bytes)
    {
        await _gate.WaitAsync();
        try
        {
            ref var room = ref _room[stream == OutputStream.Compile ? 1 : 0];
            var fits = bytes.Length <= room;
            if (!fits)
            {
                bytes = bytes[..(int)room];
                Truncated = true;
            }
            room -= bytes.Length;
            if (bytes.Length > 0)
            {
                if (_pending.Length > 0 && _pendingStream != stream) await FlushAsync();
                _pendingStream = stream;
                _pending.Write(bytes.Span);
                if (_pending.Length >= FlushBytes || !_delivered || _time.GetElapsedTime(_lastDelivery) >= _interval) await FlushAsync();
            }
            return fits && ReceiverError is null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Delivers what is left, and the unfinished last characters of each stream. False when the receiver did not return in time.</summary>
    public async Task<bool> CompleteAsync()
    {
        try
        {
            await FinishAsync().WaitAsync(s_lastDelivery, _time);
            return true;
        }
        catch (TimeoutException)
        {
            _abandoned = true;
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (!_abandoned) await _flusher;
        _closing.Dispose();
    }

    private async Task FinishAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await FlushAsync();
            foreach (var stream in Enum.GetValues<OutputStream>())
            {
                var rest = _streams[(int)stream].Finish();
                if (rest.Length > 0) await DeliverAsync(new OutputChunk(stream, ReadOnlyMemory<byte>.Empty, _seq++) { Text = rest });
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task FlushLoopAsync()
    {
        using var timer = new PeriodicTimer(_interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                if (_pending.Length == 0) continue;
                await _gate.WaitAsync(_closing.Token);
                try
                {
                    if (_time.GetElapsedTime(_lastDelivery) >= _interval) await FlushAsync();
                }
                finally
                {
                    _gate.Release();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async ValueTask FlushAsync()
    {
        if (_pending.Length == 0) return;
        var bytes = _pending.ToArray();
        _pending.SetLength(0);
        var text = _streams[(int)_pendingStream].Decode(bytes);
        await DeliverAsync(new OutputChunk(_pendingStream, bytes, _seq++) { Text = text });
    }

    private async ValueTask DeliverAsync(OutputChunk chunk)
    {
        if (_onOutput is null || ReceiverError is not null || _abandoned) return;
        _delivered = true;
        try
        {
            await _onOutput(chunk);
        }
#pragma warning disable CA1031 // The receiver is foreign code: whatever it throws ends the run and reaches the caller of RunAsync.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ReceiverError = e;
        }
        _lastDelivery = _time.GetTimestamp();
    }

    private sealed class TextStream
    {
        private readonly Decoder _decoder = new UTF8Encoding(false, throwOnInvalidBytes: false).GetDecoder();

        public StringBuilder Text { get; } = new();

        public string Decode(byte[] bytes) => Append(bytes, flush: false);

        public string Finish() => Append([], flush: true);

        private string Append(byte[] bytes, bool flush)
        {
            var chars = new char[_decoder.GetCharCount(bytes, 0, bytes.Length, flush)];
            _decoder.GetChars(bytes, 0, bytes.Length, chars, 0, flush);
            Text.Append(chars);
            return new string(chars);
        }
    }
}
