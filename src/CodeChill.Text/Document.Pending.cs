using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

// What waits for updates that have not come: the unread rest of sections, as bytes, and deletions of operations that are
// not there. _missing says what would let the first struct of each section in.
public sealed partial class Document
{
    private readonly List<Section> _pendingSections = [];
    private readonly Dictionary<ulong, int> _missing = [];
    private readonly List<IdRange> _pendingDeletes = [];
    private byte[] _pendingBytes = [];
    private int _pendingLength;

    /// <summary>Whether a part of some applied update waits for updates that have not come.</summary>
    public bool HasPending => _pendingSections.Count > 0 || _pendingDeletes.Count > 0;

    private void CheckPendingLimit(ReadOnlySpan<byte> update, Span<Section> sections, int deletes)
    {
        long pending = _pendingLength + (_pendingDeletes.Count * 16L);
        if (pending + (update.Length * 8L) <= _options.MaxPendingBytes)
        {
            return;
        }

        bool waits = false;
        foreach (ref var section in sections)
        {
            var reader = new ByteReader(update, section.Position);
            int clock = section.Clock;
            waits |= clock > Reach(sections, section.Client, clock);
            for (int i = 0; i < section.Remaining && !waits; i++)
            {
                StructReader.Read(ref reader, section.Client, clock, false, out var item);
                clock += item.Length;
                waits |= (item.HasOrigin && item.OriginClock >= Reach(sections, item.OriginClient, int.MaxValue))
                    || (item.HasRight && item.RightClock >= Reach(sections, item.RightClient, int.MaxValue))
                    || (item.ParentClock >= 0 && item.ParentClock >= Reach(sections, item.ParentClient, int.MaxValue));
            }
        }

        // Deletions of unknown operations take 16 bytes a range at most, of which the update has 2 or more.
        waits |= !waits && update.Length - deletes > _options.MaxPendingBytes / 8;
        if (waits && pending + update.Length > _options.MaxPendingBytes)
        {
            throw new UpdateFormatException(
                $"More than {_options.MaxPendingBytes} bytes would wait for updates that have not come.");
        }
    }

    // How far the operations of a client go once those sections that start below a clock are in.
    private int Reach(Span<Section> sections, ulong client, int startingBelow)
    {
        int reach = _store.StateOf(client);
        int index = FindSection(sections, client);
        for (; index >= 0 && index < sections.Length && sections[index].Client == client; index++)
        {
            if (sections[index].Clock < startingBelow)
            {
                reach = int.MaxValue;
            }
        }

        return reach;
    }

    /// <summary>Keeps what is left of the sections. Always true.</summary>
    private bool KeepRest(ReadOnlySpan<byte> update, Span<Section> sections)
    {
        int waiting = 0;
        foreach (ref var section in sections)
        {
            waiting += section.Remaining > 0 ? 1 : 0;
        }

        _pendingSections.EnsureCapacity(_pendingSections.Count + waiting);
        _missing.EnsureCapacity(Math.Min(waiting, 1024));
        for (int i = 0; i < sections.Length; i++)
        {
            ref var section = ref sections[i];
            if (section.Remaining == 0)
            {
                continue;
            }

            var bytes = update[section.Position..section.End];
            if (_pendingLength + bytes.Length > _pendingBytes.Length)
            {
                Array.Resize(ref _pendingBytes, Math.Max(_pendingLength + bytes.Length, Math.Max(256, _pendingBytes.Length * 2)));
            }

            bytes.CopyTo(_pendingBytes.AsSpan(_pendingLength));
            var rest = section;
            rest.Position = _pendingLength;
            rest.End = _pendingLength + bytes.Length;
            _pendingSections.Add(rest);
            _pendingLength += bytes.Length;
            NoteMissing(in _waits![i]);
        }

        return true;
    }

    private void NoteMissing(in Wait wait)
    {
        if (!_missing.TryGetValue(wait.NeedClient, out int clock) || clock > wait.NeedClock)
        {
            _missing[wait.NeedClient] = wait.NeedClock;
        }
    }

    /// <summary>Tries again what waits, if something it waits for has come. True when something was integrated.</summary>
    private bool ResumePending()
    {
        bool resumed = false;
        if (_pendingSections.Count > 0 && AnyMissingArrived())
        {
            resumed = true;
            var sections = _pendingSections.ToArray();
            UpdateScanner.Sort(sections);
            bool ignored = true;
            RunSections(_pendingBytes.AsSpan(0, _pendingLength), sections, ref ignored);
            KeepWaiting(sections);
        }

        if (_pendingDeletes.Count > 0 && AnyDeleteArrived())
        {
            resumed = true;
            IdRange[] deletes = [.. _pendingDeletes];
            _pendingDeletes.Clear();
            foreach (var range in deletes)
            {
                ApplyDelete(range);
            }

            EndDeletes(0);
        }

        return resumed;
    }

    private bool AnyMissingArrived()
    {
        foreach (var (client, clock) in _missing)
        {
            if (_store.StateOf(client) > clock)
            {
                return true;
            }
        }

        return false;
    }

    private bool AnyDeleteArrived()
    {
        foreach (int client in _store.Touched)
        {
            ulong id = _store.Clients[client].Id;
            foreach (var range in _pendingDeletes)
            {
                if (range.Client == id && range.Clock < _store.Clients[client].State)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void KeepWaiting(Section[] sections)
    {
        _pendingSections.Clear();
        _missing.Clear();
        int live = 0;
        for (int i = 0; i < sections.Length; i++)
        {
            ref var section = ref sections[i];
            if (section.Remaining > 0)
            {
                live += section.End - section.Position;
                _pendingSections.Add(section);
                NoteMissing(in _waits![i]);
            }
        }

        if (_pendingLength > (live * 2) + 1024 || live == 0)
        {
            var bytes = new byte[live];
            int length = 0;
            for (int i = 0; i < _pendingSections.Count; i++)
            {
                var section = _pendingSections[i];
                var rest = _pendingBytes.AsSpan(section.Position, section.End - section.Position);
                rest.CopyTo(bytes.AsSpan(length));
                section.Position = length;
                length += rest.Length;
                section.End = length;
                _pendingSections[i] = section;
            }

            _pendingBytes = bytes;
            _pendingLength = length;
        }
    }

    /// <summary>The waiting updates as one update.</summary>
    internal byte[] EncodePending()
    {
        var sections = _pendingSections.ToArray();
        UpdateScanner.Sort(sections);
        var writer = new ByteWriter();
        writer.WriteVarUint(sections.Length);
        foreach (ref var section in sections.AsSpan())
        {
            writer.WriteVarUint(section.Remaining);
            writer.WriteVarUint(section.Client);
            writer.WriteVarUint(section.Clock);
            writer.WriteBytes(_pendingBytes.AsSpan(section.Position, section.End - section.Position));
        }

        DeleteRanges.Write(writer, CollectionsMarshal.AsSpan(_pendingDeletes));
        return writer.ToArray();
    }

    private byte[] WithPending(byte[] state, ReadOnlySpan<byte> targetStateVector)
    {
        byte[] pending = EncodePending();
        return Updates.Merge([state, Updates.Diff(pending, targetStateVector)]);
    }
}
