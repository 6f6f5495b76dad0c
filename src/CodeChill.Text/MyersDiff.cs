namespace CodeChill.Text;

/// <summary>A change: <c>ACount</c> elements at <c>A</c> become <c>BCount</c> elements at <c>B</c>.</summary>
internal readonly record struct Hunk(int A, int ACount, int B, int BCount);

/// <summary>
/// Myers' difference algorithm in linear space ("An O(ND) difference algorithm and its variations", 1986). A search that
/// gets too long is cut off at the place that got furthest: the result stays right, it is just not the shortest.
/// </summary>
internal sealed class MyersDiff<T>(T[] a, T[] b, int maxDistance)
    where T : IEquatable<T>
{
    // Steps that all searches together may take; what is left then is replaced as it stands.
    private const int Budget = 4_000_000;

    private int _steps;

    private readonly int[] _forward = new int[(2 * Math.Min(maxDistance, a.Length + b.Length)) + 3];
    private readonly int[] _backward = new int[(2 * Math.Min(maxDistance, a.Length + b.Length)) + 3];

    public void Run(List<Hunk> hunks)
    {
        // Boxes still to be compared; a stack instead of recursion, the front of the text on top.
        var open = new Stack<(int A, int AEnd, int B, int BEnd)>();
        open.Push((0, a.Length, 0, b.Length));
        while (open.TryPop(out var box))
        {
            var (start, end, bStart, bEnd) = box;
            int prefix = a.AsSpan(start, end - start).CommonPrefixLength(b.AsSpan(bStart, bEnd - bStart));
            start += prefix;
            bStart += prefix;
            while (end > start && bEnd > bStart && a[end - 1].Equals(b[bEnd - 1]))
            {
                end--;
                bEnd--;
            }

            if (start == end || bStart == bEnd || _steps > Budget)
            {
                Add(hunks, start, end - start, bStart, bEnd - bStart);
                continue;
            }

            var (x, y) = Middle(start, end, bStart, bEnd);
            if ((x == start && y == bStart) || (x == end && y == bEnd))
            {
                Add(hunks, start, end - start, bStart, bEnd - bStart);
                continue;
            }

            open.Push((x, end, y, bEnd));
            open.Push((start, x, bStart, y));
        }
    }

    private static void Add(List<Hunk> hunks, int start, int count, int bStart, int bCount)
    {
        if (count == 0 && bCount == 0)
        {
            return;
        }

        if (hunks.Count > 0 && hunks[^1] is var last && last.A + last.ACount == start && last.B + last.BCount == bStart)
        {
            hunks[^1] = last with { ACount = last.ACount + count, BCount = last.BCount + bCount };
            return;
        }

        hunks.Add(new Hunk(start, count, bStart, bCount));
    }

    // A point on a shortest path through the box, where the searches from both of its corners meet.
    private (int X, int Y) Middle(int start, int end, int bStart, int bEnd)
    {
        int n = end - start;
        int m = bEnd - bStart;
        int delta = n - m;
        bool odd = (delta & 1) != 0;
        int limit = Math.Min(maxDistance, ((n + m + 1) / 2) + 1);
        int zero = _forward.Length / 2;
        _forward[zero + 1] = 0;
        _backward[zero + 1] = 0;
        int best = -1;
        int bestX = 0;
        int bestY = 0;
        for (int d = 0; d < limit; d++)
        {
            _steps += 2 * (d + 1);
            for (int k = -d; k <= d; k += 2)
            {
                int x = k == -d || (k != d && _forward[zero + k - 1] < _forward[zero + k + 1])
                    ? _forward[zero + k + 1]
                    : _forward[zero + k - 1] + 1;
                int y = x - k;
                if (x <= n && y <= m && y >= 0)
                {
                    int run = a.AsSpan(start + x, n - x).CommonPrefixLength(b.AsSpan(bStart + y, m - y));
                    x += run;
                    y += run;
                    if (x + y > best)
                    {
                        best = x + y;
                        bestX = x;
                        bestY = y;
                    }
                }

                _forward[zero + k] = x;
                int other = delta - k;
                if (odd && other >= -(d - 1) && other <= d - 1 && x + _backward[zero + other] >= n && x <= n && y <= m && y >= 0)
                {
                    return (start + x, bStart + y);
                }
            }

            for (int k = -d; k <= d; k += 2)
            {
                int x = k == -d || (k != d && _backward[zero + k - 1] < _backward[zero + k + 1])
                    ? _backward[zero + k + 1]
                    : _backward[zero + k - 1] + 1;
                int y = x - k;
                if (x <= n && y <= m && y >= 0)
                {
                    while (x < n && y < m && a[end - 1 - x].Equals(b[bEnd - 1 - y]))
                    {
                        x++;
                        y++;
                    }
                }

                _backward[zero + k] = x;
                int other = delta - k;
                if (!odd && other >= -d && other <= d && x + _forward[zero + other] >= n && x <= n && y <= m && y >= 0)
                {
                    return (end - x, bEnd - y);
                }
            }
        }

        return (start + bestX, bStart + bestY);
    }
}
